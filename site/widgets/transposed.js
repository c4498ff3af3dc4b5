/* <d2l-transposed>: each input stamps the kernel, times itself, into the output. */
'use strict';
{
  const { make, fill, show, range, matrix, Grid, Player, Widget } = d2l;
  const LARGEST = 4;
  const sign = number => (number < 0 ? `(${show(number)})` : show(number));

  const IMAGES = {
    count: (i, j, n) => n * i + j + 1,
    ones: () => 1,
    point: (i, j, n) => Number(i === j && i === n >> 1),
  };
  const DIGITS = [[1, -1, 2, 0], [2, 0, 1, 3], [0, 3, -2, 1], [1, 2, 0, -1]];
  /* Weights of linear interpolation, highest in the middle. */
  const tent = (i, k) => { const half = (k + 1) >> 1; return 1 - Math.abs(i - (k % 2 ? half - 1 : half - 0.5)) / half; };
  const FILTERS = {
    digits: (i, j) => DIGITS[i][j],
    ones: () => 1,
    tent: (i, j, k) => tent(i, k) * tent(j, k),
  };

  class Transposed extends Widget {
    static key = 'transposed';
    static grids = ['image', 'filter'];
    static start = { n: 3, kernel: 3, stride: 2, padding: 0, outputPadding: 0, dilation: 1,
      image: 'count', filter: 'digits', view: 'sums' };

    build() {
      const { texts } = this;
      this.chosen = [0, 0];   // an input
      this.asked = undefined; // an output, if it was chosen last
      const pick = choose => (...place) => { this.player.play(false); if (this.size) choose(...place); };
      const stamp = pick((a, b) => this.choose(a, b)), ask = pick((i, j) => this.ask(i, j));
      this.input = new Grid({ caption: texts.input, pick: stamp, point: stamp,
        edit: (i, j, value) => { this.image[i][j] = value; this.change({ image: 'own' }); } });
      this.input.element.className = 'flows'; // beside the kernel, on a phone too
      this.weights = new Grid({ caption: texts.kernelCaption,
        edit: (i, j, value) => { this.filter[i][j] = value; this.change({ filter: 'own' }); } });
      this.output = new Grid({ caption: texts.output, pick: ask, point: (i, j) => this.isInside(i, j) && ask(i, j) });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.player = new Player(this);
      this.size = 0;
      this.formula = make('p', { class: 'formula' });
      this.cover = make('p');
      this.fault = make('p', { class: 'fault', role: 'alert' });
      const glyph = text => make('span', { class: 'sign', 'aria-hidden': 'true' }, text);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('n', 1, LARGEST), this.slider('kernel', 1, 4), this.slider('stride', 1, 3),
          this.slider('padding', 0, 2), this.slider('outputPadding', 0, 2), this.slider('dilation', 1, 2)),
        make('div', { class: 'controls selects' }, this.select('view', ['sums', 'soFar', 'counts']),
          this.select('filter', [...Object.keys(FILTERS), 'own']), this.select('image', [...Object.keys(IMAGES), 'own'])),
        make('div', { class: 'stage' }, this.input.element, glyph('×'), this.weights.element, glyph('→'),
          make('div', { class: 'result' }, this.output.element, this.fault)),
        make('div', { class: 'told' },
          make('div', {}, this.player.element, this.status),
          make('div', {}, make('strong', {}, texts.formula), this.formula, this.cover)));
    }

    /* Stride 3 without a checkerboard, and an output three times the input's size. */
    get solved() {
      const { n, stride, padding } = this.state, counts = d2l.phases(this.state);
      return !d2l.transposedFault(this.state) && stride === 3 && new Set(counts).size === 1 && this.canvas - 2 * padding === 3 * n;
    }

    draw() {
      const { n, kernel, padding, image, filter, dilation } = this.state;
      if (image !== 'own') this.image = matrix(LARGEST, LARGEST, (i, j) => IMAGES[image](i, j, n));
      if (filter !== 'own') this.filter = matrix(kernel, kernel, (i, j) => FILTERS[filter](i, j, kernel));
      else this.filter = matrix(kernel, kernel, (i, j) => this.filter[i]?.[j] ?? 0);
      this.X = this.image.slice(0, n).map(row => row.slice(0, n));
      const fault = d2l.transposedFault(this.state);
      this.canvas = d2l.canvasSize(this.state);
      this.size = fault ? 0 : n; // of what the player walks over
      this.style.setProperty('--places', Math.max(this.canvas, 6));
      this.toggleAttribute('data-crowded', this.canvas > 9);
      this.toggleAttribute('data-dilated', dilation > 1);
      this.put(this.input, this.X, fill(this.texts.input, { size: n }));
      this.put(this.weights, this.filter, fill(this.texts.kernelCaption, { size: kernel }));
      this.explain(fault);
      this.output.element.hidden = Boolean(fault);
      this.chosen = this.chosen.map(i => Math.min(i, n - 1));
      if (this.asked && !(this.isInside(...this.asked) && !fault)) this.asked = undefined;
      if (fault) this.rest();
      else {
        this.output.resize(this.canvas, [padding, this.canvas - padding]);
        if (this.asked) this.ask(...this.asked); else this.choose(...this.chosen);
      }
    }

    put(grid, numbers, caption) {
      grid.caption.textContent = caption;
      grid.resize(numbers.length);
      const largest = Math.max(...numbers.flat().map(Math.abs));
      numbers.forEach((row, i) => row.forEach((value, j) => grid.write(i, j, value, largest)));
    }

    isInside(i, j) {
      const { padding } = this.state;
      return Math.min(i, j) >= padding && Math.max(i, j) < this.canvas - padding;
    }

    /* The formula, how evenly outputs are reached, and what is wrong. */
    explain(fault) {
      const { texts, state, canvas } = this, { padding, stride, dilation, kernel } = state;
      const size = canvas - 2 * padding, largest = Math.max(stride, dilation);
      this.fault.textContent = fault ? fill(texts[fault], { ...state, largest, canvas, crop: 2 * padding }) : '';
      this.output.caption.textContent = fill(texts[padding ? 'croppedOutput' : 'output'], { size });
      this.formula.replaceChildren(make('span', {}, texts.names), ' ',
        make('b', {}, fill(texts.numbers, { ...state, size: fault ? texts.noOutput.toLowerCase() : size })));
      const phases = d2l.phases(state), counts = [...new Set(phases.flatMap(a => phases.map(b => a * b)))].sort((a, b) => a - b);
      this.cover.textContent = fault ? '' : counts.length === 1
        ? fill(texts.even, { count: counts[0] }) + (dilation === 1 ? ` ${fill(texts.divides, { kernel, stride })}` : '')
        : fill(texts.uneven, { list: `${counts.slice(0, -1).join(', ')} ${texts.or} ${counts.at(-1)}` });
    }

    rest() {
      this.status.replaceChildren();
      this.input.mark('chosen', () => false);
      for (const grid of [this.input, this.weights]) grid.mark('reader', () => false);
      this.weigh(this.input, []);
    }

    /* Write the output: all sums, those after the inputs up to the chosen one,
       or how many inputs reach each place. */
    fillOutput() {
      const { X, filter, state, chosen: [a, b] } = this, ones = numbers => numbers.map(row => row.map(() => 1));
      const counts = d2l.transpose(ones(X), ones(filter), state), whole = d2l.transpose(X, filter, state);
      this.until = state.view === 'soFar' ? a * state.n + b + 1 : Infinity;
      this.Y = state.view === 'counts' ? counts : d2l.transpose(X, filter, state, this.until);
      const largest = Math.max(...(state.view === 'counts' ? counts : whole).flat().map(Math.abs));
      this.Y.forEach((row, i) => row.forEach((y, j) => this.output.write(i, j, y, largest)));
      this.output.mark('unread', (i, j) => counts[i][j] === 0 && this.isInside(i, j));
    }

    /* Small print in the cells: what is added, or by what one is multiplied. */
    weigh(grid, places) {
      const words = new Map(places.map(({ row, column, text }) => [`${[row, column]}`, text]));
      grid.cells.forEach((row, i) => row.forEach((cell, j) => {
        const text = words.get(`${[i, j]}`);
        if (text) cell.dataset.weight = text; else delete cell.dataset.weight;
      }));
    }

    /* Show what input (a, b) stamps into the output. */
    choose(a, b) {
      this.chosen = [a, b];
      this.asked = undefined;
      this.fillOutput();
      const { texts, X, filter, state, state: { stride, dilation, kernel, view } } = this;
      const terms = d2l.stamp(X, filter, state, a, b), places = new Set(terms.map(({ row, column }) => `${[row, column]}`));
      this.input.mark('chosen', (i, j) => i === a && j === b);
      for (const grid of [this.input, this.weights]) grid.mark('reader', () => false);
      this.weigh(this.input, []);
      this.output.mark('chosen', () => false);
      this.output.mark('tap', (i, j) => places.has(`${[i, j]}`));
      this.output.enclose(a * stride, b * stride, dilation * (kernel - 1) + 1);
      this.weigh(this.output, view === 'counts' ? [] : terms.map(({ row, column, value, weight }) => (
        { row, column, text: `${value * weight < 0 ? '' : '+'}${show(value * weight)}` })));
      const lost = terms.filter(({ row, column }) => !this.isInside(row, column)).length;
      this.status.replaceChildren(make('strong', {}, fill(texts.stamps, { row: a, column: b, value: show(X[a][b]) })),
        ...range(kernel).map(u => make('span', { class: 'row' }, ...range(kernel).flatMap(v => {
          const { value, weight } = terms[u * kernel + v];
          return [make('span', { class: 'product' }, `${sign(value)} × `, make('i', {}, sign(weight)), ` = ${show(value * weight)}`), ' '];
        }))), make('p', { class: 'why' }, lost ? fill(texts.lost, { count: lost, all: terms.length }) : ''));
    }

    /* Show what reaches place (i, j) of the canvas. */
    ask(i, j) {
      this.asked = [i, j];
      this.fillOutput();
      const { texts, X, filter, state, state: { padding, n, view } } = this;
      const terms = d2l.arrivals(X, filter, state, i, j).filter(({ a, b }) => a * n + b < this.until);
      this.input.mark('chosen', () => false);
      this.input.mark('reader', (a, b) => terms.some(term => term.a === a && term.b === b));
      this.weights.mark('reader', (u, v) => terms.some(term => term.u === u && term.v === v));
      this.weigh(this.input, terms.map(({ a, b, weight }) => ({ row: a, column: b, text: `×${show(weight)}` })));
      this.weigh(this.output, []);
      this.output.enclose();
      this.output.mark('tap', () => false);
      this.output.mark('chosen', (a, b) => a === i && b === j);
      const sum = terms.reduce((total, { value, weight }) => total + value * weight, 0);
      const rows = range(n).map(a => terms.filter(term => term.a === a)).filter(row => row.length);
      this.status.replaceChildren(
        make('strong', {}, fill(texts.reached, { row: i - padding, column: j - padding, count: terms.length, all: n * n })),
        ...rows.map((row, k) => make('span', { class: 'row' }, ...row.flatMap(({ value, weight }, l) => [
          make('span', {}, `${k + l ? '+ ' : ''}${sign(value)} × `, make('i', {}, sign(weight))), ' ']))),
        make('b', {}, `= ${show(sum)}`), ...(view === 'soFar' ? [` ${texts.untilNow}`] : []));
    }
  }

  customElements.define('d2l-transposed', Transposed);
}
