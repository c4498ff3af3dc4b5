/* <d2l-small-kernels>: a stack of 3×3 convolutions against one that sees as much. */
'use strict';
{
  const { make, fill, Grid, Widget } = d2l;
  const number = value => value.toLocaleString('en');

  class SmallKernels extends Widget {
    static key = 'smallKernels';
    static start = { count: 2, channels: 6, size: 56, doubled: false, row: 0, column: 0 };

    build() {
      const { texts } = this;
      this.grid = new Grid({ caption: texts.ways, pick: (row, column) => this.change({ row, column }) });
      this.told = make('div', { class: 'sum', role: 'status' });
      this.rows = make('ol', { class: 'stack' });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('count', 1, 4), this.slider('channels', 4, 9), this.slider('size', 7, 112, 7), make('div', { class: 'checks' }, this.checkbox('doubled'))),
        this.stage = make('div', { class: 'stage beside' }, this.grid.element, this.told), this.rows, this.status);
    }

    tellValue(name, value) { return name === 'channels' ? 2 ** value : value; }

    /* The pixel has no control of its own. */
    fitting(key, text) {
      if (key !== 'row' && key !== 'column') return super.fitting(key, text);
      return /^[0-8]$/.test(text) ? Number(text) : undefined;
    }

    draw() {
      const { texts, state, state: { count, doubled } } = this, channels = 2 ** state.channels, side = 2 * count + 1;
      this.querySelector('[name=channels]').setAttribute('aria-valuetext', channels);
      Object.assign(state, { row: Math.min(state.row, side - 1), column: Math.min(state.column, side - 1) });
      this.paint(side);
      const found = this.found = d2l.sameField({ ...state, channels }), most = Math.max(...found.map(way => way.weights));
      const values = { count, side, from: channels, to: channels * (doubled ? 2 : 1) };
      this.rows.replaceChildren(...found.map(({ name, weights, multiplyAdds, layers }, k) => {
        const words = fill(texts.rows[name], values), relus = layers === 1 ? texts.relu : fill(texts.relus, { layers });
        return make('li', {}, make('span', { class: 'bar', 'aria-hidden': 'true' }, make('span', { class: `part-of ${k ? 'new' : 'made'}`, style: `width: ${100 * weights / most}%` })),
          make('span', {}, fill(texts.row, { words, relus, weights: number(weights), million: (multiplyAdds / 1e6).toFixed(1) })));
      }));
      const [stack, single] = found, share = Math.round(100 * stack.weights / single.weights);
      this.status.replaceChildren(make('strong', {}, fill(texts.sum, { ...values, share })), make('p', {}, fill(texts.linear, values)));
    }

    /* The ways from each pixel, and those from the one chosen. */
    paint(side) {
      const { texts, grid, state: { count, row, column } } = this, ways = d2l.waysThrough(count), all = 9 ** count, most = ways[count] ** 2;
      this.stage.style.setProperty('--places', side);
      grid.resize(side);
      ways.forEach((a, i) => ways.forEach((b, j) => grid.write(i, j, a * b, most)));
      grid.mark('chosen', (i, j) => i === row && j === column);
      grid.caption.textContent = fill(texts.ways, { side });
      const here = ways[row] * ways[column], percent = part => `${(100 * part).toFixed(1)}\u00a0%`;
      this.told.replaceChildren(make('strong', {}, fill(texts.pixel, { row, column, here, all, share: percent(here / all) })),
        make('p', {}, fill(texts.single, { side, share: percent(1 / side ** 2) })));
    }

    /* The first stack that saves weights although the channels double. */
    get solved() {
      const { state: { doubled, count }, found: [stack, single] } = this, saves = way => way[0].weights < way[1].weights;
      return doubled && saves([stack, single]) && !saves(d2l.sameField({ count: count - 1, channels: 1, size: 1, doubled }));
    }
  }

  customElements.define('d2l-small-kernels', SmallKernels);
}
