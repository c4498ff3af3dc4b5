/* <d2l-playground>: the curves of stored runs, chosen by sliders. */
'use strict';
{
  const { make, fill, range, unpack, runs: STORED, Widget } = d2l;
  const { axes, num_epochs: EPOCHS } = STORED;
  const HIGHEST = { loss: 2.5, accuracy: 1 }, CHANCE = { loss: Math.log(10), accuracy: 0.1 };
  const at = (axis, value) => axes[axis].indexOf(value);
  const setting = (lr, depth, norm, crop) => ({ lr: at('lr', lr), depth: at('depth', depth), norm, crop });

  /* What is worth seeing: a run, and the one that is pinned beside it. */
  const FINDINGS = {
    small: [setting(0.1, 4, false, false), setting(0.003, 4, false, false)],
    large: [setting(0.1, 4, false, false), setting(1, 4, false, false)],
    norm: [setting(0.1, 8, true, false), setting(0.1, 8, false, false)],
    deep: [setting(0.03, 8, true, true), setting(0.03, 8, true, false)],
    shallow: [setting(0.03, 2, true, true), setting(0.03, 2, true, false)],
  };

  /* All that is drawn and told of the runs of one setting. */
  function summarize({ lr, depth, norm, crop }) {
    const place = ((2 * depth + Number(norm)) * 2 + Number(crop)) * axes.lr.length + lr;
    const runs = STORED.runs[place].map(run => unpack(run, EPOCHS)), ended = runs.filter(run => !run.diverged);
    const over = (key, f) => (ended.length ? range(EPOCHS).map(e => f(ended.map(run => run[key][e]))) : []);
    const mean = numbers => numbers.reduce((a, b) => a + b) / numbers.length;
    const curves = Object.fromEntries(['loss', 'training', 'validation'].map(key => [key, { mean: over(key, mean),
      least: over(key, numbers => Math.min(...numbers)), most: over(key, numbers => Math.max(...numbers)) }]));
    return { curves, runs: runs.length, diverged: runs.flatMap(run => run.diverged ?? []) };
  }

  class Playground extends Widget {
    static key = 'playground';
    static start = { finding: 'norm' };

    build() {
      const { texts } = this;
      this.status = make('div', { class: 'sum', role: 'status' });
      this.body = make('tbody');
      this.charts = Object.fromEntries(Object.keys(HIGHEST).map(kind => [kind, this.chart(kind)]));
      this.unpin = make('button', { type: 'button', onclick: () => { this.change({ finding: 'own', pinned: undefined }); this.pin.focus(); } }, texts.unpin);
      this.pin = make('button', { type: 'button', onclick: () => this.change({ finding: 'own', pinned: this.setting }) }, texts.pin);
      const key = (name, label) => make('span', { class: 'key' }, make('span', { class: `stroke ${name}` }), label);
      const columns = [texts.epoch, ...['now', 'pinned'].flatMap(run => ['loss', 'training', 'validation'].map(name => fill(texts.column, { run: texts[run], name: texts.curves[name] })))];
      const finding = this.select('finding', [...Object.keys(FINDINGS), 'own']);
      finding.classList.add('wide');
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls selects' }, finding, this.slider('lr', 0, axes.lr.length - 1), this.slider('depth', 0, axes.depth.length - 1),
          make('div', { class: 'checks' }, this.checkbox('norm'), this.checkbox('crop')), make('div', { class: 'buttons wide' }, this.pin, this.unpin)),
        make('div', { class: 'charts', 'aria-hidden': 'true' }, ...Object.values(this.charts).map(chart => chart.element)),
        make('p', { class: 'keys', 'aria-hidden': 'true' }, key('now', texts.now), key('pinned', texts.pinned), key('solid', texts.solid), key('dashed', texts.dashed), key('chance', texts.chance)),
        this.status,
        make('details', { class: 'facts' }, make('summary', {}, texts.numbers), make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': texts.numbers },
          make('table', { class: 'costs' }, make('thead', {}, make('tr', {}, ...columns.map(name => make('th', { scope: 'col' }, name)))), this.body))),
        make('p', { class: 'why facts' }, fill(texts.facts, { ...STORED, ...STORED.machine, seeds: axes.depth.map(depth => fill(texts.seeds, { depth, list: STORED.seeds[depth].join(', ') })).join('; '),
          widths: STORED.widths.join(', '), images: STORED.images.toLocaleString('en'), validation: STORED.valid_images.toLocaleString('en'), epochs: EPOCHS, batch: STORED.batch_size })));
    }

    /* An empty chart with labelled axes. */
    chart(kind) {
      const { texts } = this, top = HIGHEST[kind], svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      svg.setAttribute('viewBox', `1 0 ${EPOCHS - 1} 100`);
      svg.setAttribute('preserveAspectRatio', 'none');
      const ticks = (kind === 'loss' ? [0, 0.5, 1, 1.5, 2, 2.5] : [0, 0.2, 0.4, 0.6, 0.8, 1])
        .map(y => make('span', { class: 'tick y', style: `top: ${100 * (1 - y / top)}%` }, String(y)));
      const epochs = [1, 5, 10, 15, 20].map(x => make('span', { class: 'tick x', style: `left: ${100 * (x - 1) / (EPOCHS - 1)}%` }, String(x)));
      const note = make('span', { class: 'fault' });
      return { svg, note, element: make('figure', { class: 'chart' }, make('figcaption', {}, texts.charts[kind]),
        make('div', { class: 'plot' }, svg, ...ticks, ...epochs, note), make('div', { class: 'axis' }, texts.epoch)) };
    }

    /* The best rate for two layers, without batch norm, without flip and crop. */
    get solved() {
      const { setting, setting: { lr, depth, norm, crop } } = this;
      const last = run => summarize(run).curves.validation.mean.at(-1) ?? 0;
      return axes.depth[depth] === 2 && !norm && !crop
        && axes.lr.every((_, other) => other === lr || last({ ...setting, lr: other }) < last(setting));
    }

    get setting() { const { lr, depth, norm, crop } = this.state; return { lr, depth, norm, crop }; }

    /* A finding brings its two runs; another setting makes the choice one's own. */
    change(settings) {
      const finding = settings ? settings.finding : this.state.finding;
      if (finding in FINDINGS) {
        const [now, pinned] = FINDINGS[finding];
        Object.assign(this.state, now, { pinned });
      } else if (settings) this.state.finding = 'own';
      super.change(settings);
    }

    draw() {
      const { texts, state } = this, shown = { pinned: state.pinned && summarize(state.pinned), now: summarize(this.setting) };
      for (const [name, value] of [['lr', String(axes.lr[state.lr])], ['depth', fill(texts.layers, { depth: axes.depth[state.depth] })]]) {
        const slider = this.querySelector(`[name=${name}]`);
        slider.setAttribute('aria-valuetext', value);
        slider.nextElementSibling.value = value;
      }
      this.unpin.disabled = !state.pinned;
      for (const [kind, { svg, note }] of Object.entries(this.charts)) {
        svg.innerHTML = this.line(kind, 'chance', range(EPOCHS).map(() => CHANCE[kind]))
          + Object.entries(shown).map(([name, found]) => (found ? this.lines(kind, name, found.curves) : '')).join('');
        note.textContent = kind === 'loss' && shown.now.diverged.length === shown.now.runs ? texts.noCurve : '';
      }
      this.tell(shown);
      this.write(shown);
    }

    lines(kind, name, curves) {
      const parts = kind === 'loss' ? { loss: 'solid' } : { training: 'dashed', validation: 'solid' };
      return Object.entries(parts).map(([key, style]) => {
        const { mean, least, most } = curves[key];
        return mean.length ? this.area(kind, name, least, most) + this.line(kind, `${name} ${style}`, mean) : '';
      }).join('');
    }

    points(kind, numbers) { return numbers.map((y, e) => `${e + 1} ${(100 * (1 - y / HIGHEST[kind])).toFixed(1)}`); }

    line(kind, name, numbers) { return `<path class="${name}" d="M${this.points(kind, numbers).join('L')}"/>`; }

    area(kind, name, least, most) {
      return `<path class="band ${name}" d="M${[...this.points(kind, least), ...this.points(kind, most).reverse()].join('L')}Z"/>`;
    }

    name({ lr, depth, norm, crop }) {
      const { texts } = this;
      return fill(texts.name, { rate: axes.lr[lr], depth: axes.depth[depth], norm: texts.norms[Number(norm)], crop: texts.crops[Number(crop)] });
    }

    /* What became of a run, in words. */
    verdict({ curves: { training, validation }, runs, diverged }) {
      const { texts } = this, parts = [];
      if (diverged.length) parts.push(fill(texts.diverged, { count: diverged.length, runs, list: diverged.join(', ') }));
      if (diverged.length === runs) return parts;
      const [t, v] = [training, validation].map(({ mean }) => mean.at(-1));
      const numbers = { training: t, validation: v, least: validation.least.at(-1), most: validation.most.at(-1) };
      parts.push(fill(texts.result, Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, value.toFixed(2)]))));
      parts.push(texts.verdicts[t < 0.15 ? 'stuck' : t - v > 0.2 ? 'byHeart' : t - v > 0.07 ? 'ahead' : 'under']);
      return parts;
    }

    tell({ now, pinned }) {
      const { texts, state } = this, tell = (label, setting, found) => make('p', {}, make('strong', {}, `${label}: ${this.name(setting)}. `), this.verdict(found).join(' '));
      const parts = [tell(texts.now, this.setting, now)];
      if (pinned) {
        parts.push(tell(texts.pinned, state.pinned, pinned));
        const [a, b] = [now, pinned].map(({ curves: { validation } }) => validation), gain = a.mean.at(-1) - b.mean.at(-1);
        const apart = a.least.at(-1) > b.most.at(-1) || b.least.at(-1) > a.most.at(-1);
        if (a.mean.length && b.mean.length) {
          parts.push(make('p', {}, fill(texts[!apart ? 'same' : gain > 0 ? 'better' : 'worse'], { gain: Math.abs(gain).toFixed(2) })));
        }
      }
      this.status.replaceChildren(...parts);
    }

    /* The same curves as a table. */
    write({ now, pinned }) {
      const cells = (found, e) => ['loss', 'training', 'validation'].map(key => {
        const number = found?.curves[key].mean[e];
        return make('td', {}, number === undefined ? '–' : number.toFixed(2));
      });
      this.body.replaceChildren(...range(EPOCHS).map(e => make('tr', {}, make('th', { scope: 'row' }, String(e + 1)), ...cells(now, e), ...cells(pinned, e))));
    }
  }

  customElements.define('d2l-playground', Playground);
}
