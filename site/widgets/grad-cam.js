/* <d2l-grad-cam>: where a network sees a class, and which channels say so. */
'use strict';
{
  const { make, fill, show, Grid, Widget } = d2l;
  const { rows, columns, channels, kinds, bias } = d2l.cam;
  const signed = number => (number < 0 ? show(number) : `+${show(number)}`);

  class GradCam extends Widget {
    static key = 'gradCam';
    static start = { kind: kinds[0], view: 'for', place: 3 * columns + 3 };

    build() {
      const { texts } = this, all = d2l.unpackWeights(d2l.cam);
      this.maps = d2l.unpackMaps(d2l.cam);
      this.weights = kinds.map((_, k) => all.subarray(k * channels, (k + 1) * channels));
      this.grid = new Grid({ caption: texts.picture, pick: (i, j) => this.change({ place: i * columns + j }) });
      this.grid.table.style.backgroundImage = `url(${d2l.cam.photo})`;
      this.grid.resize(rows, [0, rows], columns);
      this.status = make('div', { class: 'sum', role: 'status' });
      this.parts = make('ol', { class: 'stack' });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls selects' }, this.select('kind', kinds), this.select('view', ['for', 'both', 'channel'])),
        make('div', { class: 'cam' }, this.grid.element, make('div', {}, this.status, this.parts, make('p', { class: 'why' }, fill(texts.note, { channels })))));
    }

    /* The place has no control of its own. */
    fitting(key, text) {
      if (key !== 'place') return super.fitting(key, text);
      return /^\d{1,3}$/.test(text) && Number(text) < this.maps.length ? Number(text) : undefined;
    }

    draw() {
      const { texts, state: { kind, place }, maps } = this, k = kinds.indexOf(kind), weights = this.weights[k];
      this.sums = d2l.classMap(maps, weights);
      const found = d2l.additions(maps[place], weights), [row, column] = [Math.floor(place / columns), place % columns];
      this.paint(found[0]);
      this.grid.mark('chosen', (i, j) => i === row && j === column);
      const mean = this.sums.reduce((a, b) => a + b, 0) / maps.length;
      const answering = found.length === 1 ? texts.one : fill(texts.some, { count: found.length });
      this.status.replaceChildren(make('strong', {}, fill(texts.here, { row, column, sum: signed(this.sums[place]), kind })),
        make('p', {}, fill(texts.logit, { kind, places: maps.length, mean: show(mean), bias: show(bias[k]), logit: show(mean + bias[k]) })), make('p', {}, answering));
      this.list(found.slice(0, 3), found.slice(3).slice(-2).filter(part => part.adds < 0));
    }

    /* Darken what does not count; what speaks against the class has a color. */
    paint(strongest) {
      const { state: { view, kind }, maps, sums } = this, channel = strongest?.channel;
      const values = view === 'channel' ? maps.map(place => place.find(part => part[0] === channel)?.[1] ?? 0) : sums;
      const most = Math.max(1e-6, ...values.map(value => (view === 'both' ? Math.abs(value) : value)));
      this.grid.cells.flat().forEach((cell, at) => {
        const against = view === 'both' && values[at] < 0;
        cell.style.setProperty('--share', Math.min(1, Math.max(0, (against ? -1 : 1) * values[at] / most)).toFixed(3));
        cell.classList.toggle('against', against);
        cell.setAttribute('aria-label', `${fill(this.texts.cell, { row: Math.floor(at / columns), column: at % columns })}: ${show(values[at])}`);
      });
      this.grid.caption.textContent = fill(this.texts.captions[view], { kind, channel: channel ?? '' });
    }

    list(best, worst) {
      const largest = Math.max(...[...best, ...worst].map(part => Math.abs(part.adds)));
      this.parts.replaceChildren(...[...best, ...worst].map(part => {
        const bar = make('span', { class: `part-of ${part.adds < 0 ? 'new' : 'made'}`, style: `width: ${100 * Math.abs(part.adds) / largest}%` });
        return make('li', {}, make('span', { class: 'bar', 'aria-hidden': 'true' }, bar),
          make('span', {}, fill(this.texts.part, { channel: part.channel, number: show(part.number), weight: show(part.weight), adds: signed(part.adds) })));
      }));
    }

    /* The place that speaks most against the cat. */
    get solved() { return this.state.kind === kinds[0] && this.sums[this.state.place] === Math.min(...this.sums); }
  }

  customElements.define('d2l-grad-cam', GradCam);
}
