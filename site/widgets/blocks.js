/* <d2l-blocks>: what six blocks of convolutions cost that keep a map's form. */
'use strict';
{
  const { make, fill, Widget } = d2l;
  const POWERS = ['channels', 'groups', 'reduction'];
  const number = value => value.toLocaleString('en');

  class Blocks extends Widget {
    static key = 'blocks';
    static start = { channels: 6, size: 28, groups: 3, reduction: 2, expansion: 6 };

    build() {
      const { texts } = this;
      this.rows = make('ol', { class: 'stack' });
      this.status = make('div', { class: 'sum', role: 'status' });
      const key = (name, label) => make('span', { class: 'key' }, make('span', { class: `swatch ${name}` }), label);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('channels', 5, 9), this.slider('size', 7, 56, 7), this.slider('groups', 0, 5), this.slider('reduction', 0, 3), this.slider('expansion', 1, 8)),
        make('p', { class: 'keys', 'aria-hidden': 'true' }, key('made', texts.pointwise), key('new', texts.spatial)), this.rows, this.status);
    }

    tellValue(name, value) { return POWERS.includes(name) ? 2 ** value : value; }

    draw() {
      const { texts, state } = this, settings = { ...state };
      for (const name of POWERS) {
        settings[name] = 2 ** state[name];
        this.querySelector(`[name=${name}]`).setAttribute('aria-valuetext', settings[name]);
      }
      const found = this.found = d2l.blockCosts(settings), most = Math.max(...found.map(block => block.weights));
      const part = (name, count) => make('span', { class: `part-of ${name}`, style: `width: ${100 * count / most}%` });
      this.rows.replaceChildren(...found.map(({ name, pointwise, weights, layers }) => make('li', {},
        make('span', { class: 'bar', 'aria-hidden': 'true' }, part('made', pointwise), part('new', weights - pointwise)),
        make('span', {}, fill(texts.block, { name: texts.blocks[name], layers: layers.map(this.layer, this).join(', '), weights: number(weights) })))));
      const plain = found[0], inverted = found.at(-1), times = (a, b) => Number((a / b).toPrecision(2));
      this.status.replaceChildren(make('strong', {}, fill(texts.sum, { times: times(inverted.weights, plain.weights) })),
        make('p', {}, fill(texts.memory, { times: times(inverted.outputs, plain.outputs), million: (inverted.multiplyAdds / 1e6).toFixed(1), plain: (plain.multiplyAdds / 1e6).toFixed(1) })));
    }

    layer({ from, to, kernel, groups }) {
      const { texts } = this, values = { from, to, kernel, groups };
      return fill(groups === 1 ? texts.layer : groups === from ? texts.depthwise : texts.grouped, values);
    }

    /* The widest inverted residual that is smaller than a plain layer. */
    get solved() {
      const { state: { channels, expansion }, found } = this;
      return channels === 6 && expansion === 4 && found.at(-1).weights < found[0].weights;
    }
  }

  customElements.define('d2l-blocks', Blocks);
}
