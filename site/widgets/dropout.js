/* <d2l-dropout>: what dropout leaves of a layer, and what the next unit feels. */
'use strict';
{
  const { make, fill, range, Chart, Widget } = d2l;
  const SHOWN = 64, STEPS = 1000, RANGE = [0, 2], BINS = 50, GOAL = 0.1;
  const unitsOf = power => { const random = d2l.dice(2); return range(2 ** power).map(random); };

  class Dropout extends Widget {
    static key = 'dropout';
    static start = { units: 4, p: 50, mode: 'training', rescale: true };

    build() {
      const { texts } = this;
      this.turn = 0;
      this.layer = new Chart({ caption: texts.layer, xLabel: texts.unit, yLabel: texts.value });
      this.sums = new Chart({ caption: texts.sums, xLabel: texts.sum, yLabel: texts.steps });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.again = make('button', { type: 'button', onclick: () => { this.turn += 1; this.change({}); } }, texts.again);
      const key = (name, label) => make('span', { class: 'key' }, make('span', { class: `swatch ${name}` }), label);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('units', 3, 10), this.slider('p', 0, 90, 10), this.select('mode', ['training', 'evaluation']), make('div', { class: 'checks' }, this.checkbox('rescale'))),
        make('div', { class: 'buttons' }, this.again),
        make('div', { class: 'charts' }, this.layer.element, this.sums.element),
        make('p', { class: 'keys', 'aria-hidden': 'true' }, key('made', texts.left), key('', texts.before)), this.status);
    }

    tellValue(name, value) { return name === 'p' ? (value / 100).toFixed(1) : name === 'units' ? 2 ** value : value; }

    get settings() { return { p: this.state.mode === 'training' ? this.state.p / 100 : 0, rescale: this.state.rescale }; }

    draw() {
      const { texts, settings, state: { units, mode } } = this, h = unitsOf(units), random = d2l.dice(this.turn + 3);
      this.querySelector('[name=units]').setAttribute('aria-valuetext', h.length);
      this.querySelector('[name=p]').setAttribute('aria-valuetext', this.state.p / 100);
      this.again.disabled = mode !== 'training';
      this.found = d2l.sumAfterDropOut(h, settings);
      this.drawLayer(h.slice(0, SHOWN), d2l.dropOut(h, settings, random).slice(0, SHOWN));
      this.drawSums(h, random);
      const values = { units: h.length, mean: this.found.mean.toFixed(2), spread: this.found.spread.toFixed(3) };
      this.status.replaceChildren(make('strong', {}, fill(texts[mode], values)), make('p', {}, mode === 'training' && !settings.rescale && settings.p ? fill(texts.apart, values) : texts.together));
    }

    drawLayer(h, left) {
      const { layer, texts } = this, top = Math.max(2, ...left), bar = (x, k) => [k + 0.15, k + 0.85, x];
      layer.scale({ x: [0, h.length], y: [0, 1.05 * top], xTicks: [0, h.length], yTicks: [0, 1, Math.floor(top)] });
      layer.show(layer.bars(h.map(bar), 'faint'), layer.bars(left.map(bar)));
      layer.caption.textContent = fill(texts.lost, { count: left.filter((x, k) => !x && h[k]).length, shown: h.length });
    }

    /* The sum in each of many steps, as a share of the sum without dropout. */
    drawSums(h, random) {
      const { sums, settings } = this, all = h.reduce((a, b) => a + b, 0);
      const shares = range(STEPS).map(() => d2l.dropOut(h, settings, random).reduce((a, b) => a + b, 0) / all);
      const bars = d2l.histogram(shares, RANGE, BINS), top = Math.max(...bars.map(bar => bar[2]));
      sums.scale({ x: RANGE, y: [0, 1.05 * top], xTicks: [0, 0.5, 1, 1.5, 2], yTicks: [0, top] });
      sums.show(sums.bars(bars, 'pinned'), sums.line([[1, 0], [1, 1.05 * top]], 'mean'));
    }

    /* Half of the units are lost, and of all layers that stay steady this is the smallest. */
    get solved() {
      const { state: { mode, p, units }, found, settings } = this;
      return mode === 'training' && p === 50 && settings.rescale && found.spread < GOAL && d2l.sumAfterDropOut(unitsOf(units - 1), settings).spread >= GOAL;
    }
  }

  customElements.define('d2l-dropout', Dropout);
}
