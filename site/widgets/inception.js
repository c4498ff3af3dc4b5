/* <d2l-inception>: the four branches of an Inception block, and what each costs. */
'use strict';
{
  const { make, fill, Widget } = d2l;
  const INPUT = 192, SIZE = 28, GOAL = 130e6, CHANNELS = 256;
  const million = value => (value / 1e6).toFixed(1);

  class Inception extends Widget {
    static key = 'inception';
    static start = { reduce: false, c1: 64, mid3: 96, c3: 128, mid5: 64, c5: 32, pool: 32 };

    build() {
      const { texts } = this;
      this.rows = make('ul', { class: 'stack' });
      this.status = make('div', { class: 'sum', role: 'status' });
      const slider = (name, least, most) => this.slider(name, least, most, 8);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, slider('c1', 8, 128), slider('mid3', 8, 192), slider('c3', 8, 192), slider('mid5', 8, 96), slider('c5', 8, 96), slider('pool', 8, 64)),
        make('div', { class: 'checks' }, this.checkbox('reduce')), this.rows, this.status);
    }

    draw() {
      const { texts, state, state: { reduce, c1, mid3, c3, mid5, c5, pool } } = this;
      const count = on => d2l.inception({ input: INPUT, size: SIZE, c1, c2: [mid3, c3], c3: [mid5, c5], c4: pool, reduce: on });
      const found = this.found = count(reduce), other = count(!reduce), most = Math.max(...found.branches.map(branch => branch.multiplyAdds));
      for (const name of ['mid3', 'mid5']) this.querySelector(`[name=${name}]`).disabled = !reduce;
      const names = ['one', reduce ? 'threeReduced' : 'three', reduce ? 'fiveReduced' : 'five', 'pooled'];
      this.rows.replaceChildren(...found.branches.map(({ multiplyAdds }, k) => make('li', {},
        make('span', { class: 'bar', 'aria-hidden': 'true' }, make('span', { class: 'part-of made', style: `width: ${100 * multiplyAdds / most}%` })),
        make('span', {}, fill(texts.branches[names[k]], { ...state, cost: million(multiplyAdds) })))));
      this.status.replaceChildren(make('strong', {}, fill(texts.sum, { cost: million(found.multiplyAdds), output: found.output })),
        make('p', {}, fill(texts[reduce ? 'than' : 'could'], { cost: million(other.multiplyAdds) })));
    }

    /* As wide as GoogLeNet's first block, and as cheap. */
    get solved() { return this.found.output === CHANNELS && this.found.multiplyAdds < GOAL && this.state.c3 === 128 && this.state.c5 === 32; }
  }

  customElements.define('d2l-inception', Inception);
}
