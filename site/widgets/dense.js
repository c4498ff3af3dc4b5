/* <d2l-dense>: how a dense block grows, and what its layers cost. */
'use strict';
{
  const { make, fill, Widget } = d2l;
  const GOAL = 230_000; // weights
  const number = value => value.toLocaleString('en');

  class Dense extends Widget {
    static key = 'dense';
    static start = { start: 64, growth: 32, layers: 6, bottleneck: true };

    build() {
      const { texts } = this;
      this.rows = make('ol', { class: 'stack' });
      this.status = make('div', { class: 'sum', role: 'status' });
      const key = (name, label) => make('span', { class: 'key' }, make('span', { class: `swatch ${name}` }), label);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('start', 16, 128, 16), this.slider('growth', 4, 48, 4), this.slider('layers', 1, 16), make('div', { class: 'checks' }, this.checkbox('bottleneck'))),
        make('p', { class: 'keys', 'aria-hidden': 'true' }, key('old', texts.given), key('made', texts.made), key('new', texts.added)), this.rows, this.status);
    }

    draw() {
      const { texts, state, state: { start, growth, layers } } = this, found = this.found = d2l.denseBlock(state);
      const most = found.channels.at(-1), part = (name, count) => make('span', { class: `part-of ${name}`, style: `width: ${100 * count / most}%` });
      this.rows.replaceChildren(...found.weights.map((weights, l) => {
        const read = found.channels[l], words = fill(texts.layer, { layer: l + 1, read, growth, weights: number(weights) });
        return make('li', {}, make('span', { class: 'bar', 'aria-hidden': 'true' }, part('old', start), part('made', read - start), part('new', growth)), make('span', {}, words));
      }));
      this.status.replaceChildren(make('strong', {}, fill(texts.sum, { start, layers, growth, most })),
        make('p', {}, fill(texts.weights, { all: number(found.all), plain: number(layers * 9 * most * most) })));
    }

    /* From 64 to 256 channels for few weights. */
    get solved() { return this.state.start === 64 && this.found.channels.at(-1) === 256 && this.found.all < GOAL; }
  }

  customElements.define('d2l-dense', Dense);
}
