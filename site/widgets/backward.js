/* <d2l-backward>: what each output sends back to input and kernel. */
'use strict';
{
  const { make, fill, show, matrix, Grid, Player, Widget } = d2l;
  const sign = number => (number < 0 ? `(${show(number)})` : show(number));
  const ROLES = ['image', 'filter', 'upstream'];

  class Backward extends Widget {
    static key = 'backward';
    static grids = ROLES;
    static start = { all: false, image: 'example', filter: 'example', upstream: 'example' };

    build() {
      const { texts } = this;
      Object.assign(this, { size: 2, chosen: [0, 0], image: [[1, 2, 0], [3, 1, 2], [0, 4, 1]], filter: [[1, -1], [2, 0]], upstream: [[2, 1], [-1, 3]] });
      const typed = name => (i, j, value) => { this[name][i][j] = value; this.change({ [name]: 'own' }); };
      const pick = (i, j) => { this.player.play(false); this.choose(i, j); };
      this.given = { image: new Grid({ caption: texts.image, edit: typed('image') }), filter: new Grid({ caption: texts.filter, edit: typed('filter') }),
        upstream: new Grid({ caption: texts.upstream, edit: typed('upstream'), pick }) };
      this.found = { dX: new Grid({ caption: texts.dX }), dK: new Grid({ caption: texts.dK }) };
      for (const grid of Object.values(this.found)) grid.table.removeAttribute('role');
      this.status = make('div', { class: 'sum', role: 'status' });
      this.player = new Player(this, 1.4);
      this.style.setProperty('--places', 6);
      const glyph = text => make('span', { class: 'sign', 'aria-hidden': 'true' }, text);
      const { image, filter, upstream } = this.given;
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'stage near' }, image.element, filter.element, upstream.element, glyph('→'), this.found.dX.element, this.found.dK.element),
        make('div', { class: 'told' }, make('div', {}, this.player.element, this.checkbox('all')), this.status));
    }

    draw() {
      for (const name of ROLES) this.put(this.given[name], this[name]);
      this.choose(...this.chosen);
    }

    put(grid, numbers) {
      grid.resize(numbers.length);
      const largest = Math.max(...numbers.flat().map(Math.abs));
      numbers.forEach((row, i) => row.forEach((value, j) => grid.write(i, j, value, largest)));
    }

    /* Show what output (i, j) sends back, after those before it. */
    choose(i, j) {
      this.chosen = [i, j];
      const { texts, image, filter, upstream, state: { all } } = this, d = upstream[i][j];
      const found = d2l.convolutionBackward(image, filter, upstream, all ? Infinity : 2 * i + j + 1);
      for (const [name, grid] of Object.entries(this.found)) this.put(grid, found[name]);
      this.given.upstream.mark('chosen', (a, b) => a === i && b === j);
      for (const grid of [this.given.image, this.found.dX]) grid.enclose(i, j, 2);
      this.found.dK.enclose(0, 0, 2);
      const rows = (numbers, from) => matrix(2, 2, (a, b) => numbers[from[0] + a][from[1] + b]).map(row => make('span', { class: 'row' },
        row.map(value => `${sign(d)} × ${sign(value)} = ${show(d * value)}`).join(', ')));
      this.status.replaceChildren(make('strong', {}, fill(texts.sends, { row: i, column: j, d: show(d) })),
        make('p', {}, texts.toInput), ...rows(filter, [0, 0]), make('p', {}, texts.toKernel), ...rows(image, [i, j]));
    }

    /* dY that makes the kernel's gradient the top left window of the input. */
    get solved() {
      const { dK } = d2l.convolutionBackward(this.image, this.filter, this.upstream);
      const window = matrix(2, 2, (a, b) => this.image[a][b]);
      return String(dK) === String(window) && window.flat().some(Boolean);
    }
  }

  customElements.define('d2l-backward', Backward);
}
