/* <d2l-pooling>: windows of an image, and what is kept of each. */
'use strict';
{
  const { make, fill, show, matrix, range, Grid, Player, Widget } = d2l;
  const LARGEST = 6;

  const DIGITS = ['310286', '524130', '061149', '203705', '734026', '182593'];
  const IMAGES = {
    digits: (i, j) => Number(DIGITS[i][j]),
    square: (i, j) => (i > 0 && i < 4 && j > 0 && j < 4 ? 9 : 1),
    slope: (i, j) => Math.min(9, i + j),
  };

  class Pooling extends Widget {
    static key = 'pooling';
    static grids = ['image'];
    static start = { n: 5, kernel: 2, stride: 2, padding: 0, kind: 'max', ceil: false,
      counted: true, image: 'digits' };

    build() {
      const { texts } = this;
      this.chosen = [0, 0];
      this.input = new Grid({ caption: texts.input,
        edit: (i, j, value) => { this.image[i][j] = value; this.change({ image: 'own' }); } });
      const pick = (i, j) => { this.player.play(false); this.choose(i, j); };
      this.output = new Grid({ caption: texts.output, pick, point: pick });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.player = new Player(this);
      this.size = 0;
      this.formula = make('p', { class: 'formula' });
      this.unread = make('p');
      this.fault = make('p', { class: 'fault', role: 'alert' });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('n', 1, LARGEST), this.slider('kernel', 1, 4),
          this.slider('stride', 1, 4), this.slider('padding', 0, 1)),
        make('div', { class: 'controls selects' }, this.select('kind', ['max', 'avg']),
          this.select('image', [...Object.keys(IMAGES), 'own']),
          make('div', { class: 'checks' }, this.checkbox('ceil'), this.checkbox('counted'))),
        make('div', { class: 'stage' }, this.input.element,
          make('span', { class: 'sign', 'aria-hidden': 'true' }, '→'),
          make('div', { class: 'result' }, this.output.element, this.fault)),
        make('div', { class: 'told' },
          make('div', {}, this.player.element, this.status),
          make('div', {}, make('strong', {}, texts.formula), this.formula, this.unread)));
    }

    /* 6×6 to 3×3, all read, by windows that overlap. */
    get solved() {
      const { n, kernel, stride } = this.state;
      return n === 6 && this.size === 3 && kernel > stride && this.unread.textContent === this.texts.allRead;
    }

    draw() {
      const { texts, state, state: { n, kernel, stride, padding, kind, image } } = this;
      if (image !== 'own') this.image = matrix(LARGEST, LARGEST, IMAGES[image]);
      this.X = this.image.slice(0, n).map(row => row.slice(0, n));
      const fault = d2l.poolFault(state), size = this.size = fault ? 0 : d2l.poolSize(state);
      const beyond = Math.max(n + 2 * padding, size && (size - 1) * stride + kernel);
      this.style.setProperty('--places', beyond);
      this.querySelector('[name=counted]').disabled = kind === 'max';
      this.input.caption.textContent = fill(texts[padding ? 'padded' : 'input'], { size: n });
      this.input.resize(beyond, [padding, padding + n]);
      const largest = Math.max(...this.X.flat().map(Math.abs)), end = n + 2 * padding;
      for (const i of range(beyond)) {
        for (const j of range(beyond)) {
          const value = this.X[i - padding]?.[j - padding];
          const rim = Math.max(i, j) >= end ? '' : kind === 'max' ? '−∞' : '0';
          this.input.write(i, j, value, largest, value === undefined ? rim : undefined);
        }
      }
      this.input.mark('beyond', (i, j) => Math.max(i, j) >= end);
      const reads = range(beyond).map(i => range(size).some(a => i >= a * stride && i < a * stride + kernel));
      this.input.mark('unread', (i, j) => size && !(reads[i] && reads[j]) && Math.max(i, j) < end);
      this.tell(fault, reads.slice(padding, padding + n).flatMap((read, i) => (read ? [] : [i])));
      this.drawOutput(fault);
    }

    tell(fault, never) {
      const { texts, state, size } = this, { n, kernel, padding, stride, ceil } = state;
      this.fault.textContent = fault ? fill(texts[fault === 'padding' ? 'paddingFault' : fault],
        { ...state, room: n + 2 * padding }) : '';
      const steps = (n + 2 * padding - kernel) / stride;
      const dropped = ceil && size === Math.ceil(steps);
      const result = size || texts.noOutput.toLowerCase();
      this.formula.replaceChildren(make('span', {}, ceil ? texts.namesUp : texts.names), ' ',
        make('b', {}, fill(texts.numbers, { ...state, open: ceil ? '⌈' : '⌊', close: ceil ? '⌉' : '⌋',
          size: dropped && size ? fill(texts.dropped, { size: size + 1 }) : result })));
      const list = never.join(', ');
      this.unread.textContent = fault ? '' : !list ? texts.allRead
        : fill(never.length > 1 ? texts.unreads : texts.unread, { list });
    }

    drawOutput(fault) {
      this.output.element.hidden = Boolean(fault);
      if (fault) {
        this.status.replaceChildren();
        this.input.enclose();
        for (const name of ['tap', 'winner']) this.input.mark(name, () => false);
        return;
      }
      this.Y = d2l.pool(this.X, this.state);
      this.output.caption.textContent = fill(this.texts.output, { size: this.size });
      this.output.resize(this.size);
      const largest = Math.max(...this.X.flat().map(Math.abs));
      this.Y.forEach((row, i) => row.forEach((y, j) => this.output.write(i, j, y, largest)));
      this.choose(...this.chosen.map(i => Math.min(i, this.size - 1)));
    }

    /* Show which numbers of window (i, j) count, and how. */
    choose(i, j) {
      this.chosen = [i, j];
      const { texts, state: { stride, kernel, kind, counted } } = this;
      const found = d2l.poolWindow(this.X, this.state, i, j), { pixels, places, winner } = found;
      const max = kind === 'max', count = pixels.length, isAt = (p, a, b) => p.row === a && p.column === b;
      this.input.enclose(i * stride, j * stride, kernel);
      this.input.mark('winner', (a, b) => max && isAt(winner, a, b));
      this.output.mark('chosen', (a, b) => a === i && b === j);
      const hidden = places - count && !max && counted;
      const why = fill(texts[kind], { count, divisor: found.divisor })
        + (hidden ? fill(texts.places, { places, padding: places - count }) : '')
        + (places < kernel * kernel ? texts.cut : '') + '.';
      const terms = pixels.map((pixel, k) => make('span', { class: 'term' },
        make(max && pixel === winner ? 'i' : 'span', {}, pixel.value < 0 && !max ? `(${show(pixel.value)})` : show(pixel.value)),
        k === count - 1 ? '' : max ? ', ' : ' + '));
      const rows = [...new Set(pixels.map(pixel => pixel.row))].map(row => make('span', { class: 'row' },
        ...terms.filter((_, k) => pixels[k].row === row)));
      rows[0].prepend(max ? 'max(' : '(');
      rows.at(-1).append(max ? ')' : `) / ${found.divisor}`);
      this.status.replaceChildren(make('strong', {}, fill(texts.chosen, { row: i, column: j })),
        ...rows, make('b', {}, `= ${show(this.Y[i][j])}`), make('p', { class: 'why' }, why));
    }
  }

  customElements.define('d2l-pooling', Pooling);
}
