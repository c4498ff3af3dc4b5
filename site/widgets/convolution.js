/* <d2l-convolution>: one kernel, one image, every number in view. */
'use strict';
{
  const { make, fill, show, range, matrix, Grid, Player, Widget } = d2l;
  const LARGEST = 7, SIDE = 128;

  const IMAGES = {
    square: (i, j) => (i > 0 && i < 4 && j > 0 && j < 4 ? 9 : 1),
    step: (i, j) => (j < 3 ? 1 : 8),
    slope: (i, j) => Math.min(9, i + j),
    digits: (i, j) => (3 * i * i + 5 * j + i * j + 1) % 10,
  };
  const FILTERS = {
    vertical: (i, j, k) => (j === k - 1) - (j === 0 && k > 1),
    horizontal: (i, j, k) => (i === k - 1) - (i === 0 && k > 1),
    laplace: (i, j, k) => (i === j && i === k >> 1 ? k * k - 1 || 1 : -1),
    mean: (i, j, k) => 1 / (k * k),
    copy: (i, j, k) => Number(i === j && i === k >> 1),
  };

  class Convolution extends Widget {
    static key = 'convolution';
    static grids = ['image', 'filter'];
    static start = { n: 5, kernel: 3, stride: 1, padding: 0, dilation: 1, mode: 'zeros',
      image: 'square', filter: 'vertical' };

    build() {
      const { texts } = this;
      this.chosen = [0, 0];
      this.input = new Grid({ caption: texts.input,
        edit: (i, j, value) => { this.image[i][j] = value; this.change({ image: 'own' }); },
        point: (i, j) => this.ask(i, j), leave: () => this.ask() });
      this.input.table.addEventListener('focusin', ({ target }) => this.ask(...target.closest('td').place));
      this.input.table.addEventListener('focusout', () => this.ask());
      this.weights = new Grid({ caption: texts.kernelCaption,
        edit: (i, j, value) => { this.filter[i][j] = value; this.change({ filter: 'own' }); } });
      const pick = (i, j) => { this.player.play(false); this.choose(i, j); };
      this.output = new Grid({ caption: texts.output, pick, point: pick });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.player = new Player(this);
      this.size = 0;
      this.formula = make('p', { class: 'formula' });
      this.unread = make('p');
      this.fault = make('p', { class: 'fault', role: 'alert' });
      const sign = text => make('span', { class: 'sign', 'aria-hidden': 'true' }, text);
      this.photo = make('canvas', { width: SIDE, height: SIDE, role: 'img', 'aria-label': texts.photo });
      this.filtered = make('canvas', { role: 'img', 'aria-label': texts.filtered });
      this.photoNote = make('figcaption');
      d2l.loadPhoto(SIDE).then(gray => { this.gray = gray; d2l.paintGray(this.photo, gray); this.drawPhoto(); });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('n', 1, LARGEST), this.slider('kernel', 1, 5),
          this.slider('stride', 1, 4), this.slider('padding', 0, 2), this.slider('dilation', 1, 3)),
        make('div', { class: 'controls selects' },
          this.select('mode', ['zeros', 'reflect', 'replicate', 'circular']),
          this.select('filter', [...Object.keys(FILTERS), 'own']),
          this.select('image', [...Object.keys(IMAGES), 'own'])),
        make('div', { class: 'stage' }, this.input.element, sign('⋆'), this.weights.element,
          sign('='), make('div', { class: 'result' }, this.output.element, this.fault)),
        make('div', { class: 'photos' }, make('figure', {}, this.photo, make('figcaption', {}, texts.photo)), make('figure', {}, this.filtered, this.photoNote)),
        make('div', { class: 'told' },
          make('div', {}, this.player.element, this.status),
          make('div', {}, make('strong', {}, texts.formula), this.formula, this.unread)));
    }

    draw() {
      const { n, kernel, padding, mode, image, filter } = this.state;
      if (image !== 'own') this.image = matrix(LARGEST, LARGEST, IMAGES[image]);
      if (filter !== 'own') this.filter = matrix(kernel, kernel, (i, j) => FILTERS[filter](i, j, kernel));
      else this.filter = matrix(kernel, kernel, (i, j) => this.filter[i]?.[j] ?? 0);
      const X = this.image.slice(0, n).map(row => row.slice(0, n));
      const fault = d2l.convolutionFault(this.state);
      const impossible = fault === 'reflect' || fault === 'circular';
      this.padded = d2l.pad(X, padding, impossible ? 'zeros' : mode);
      this.size = fault ? 0 : d2l.convolutionSize(this.state);
      this.Y = fault ? [] : d2l.convolve(X, this.filter, this.state);
      this.style.setProperty('--places', this.padded.length);
      this.toggleAttribute('data-crowded', this.padded.length > 7);
      this.toggleAttribute('data-dilated', this.state.dilation > 1);
      this.drawInput(n, padding, impossible);
      this.drawKernel(kernel, filter);
      this.drawOutput(fault);
      this.drawPhoto();
    }

    /* The same kernel, stride and padding on a photograph. */
    drawPhoto() {
      if (!this.gray) return;
      const { texts, filter } = this, sum = filter.flat().reduce((a, b) => a + b, 0), edges = Math.abs(sum) < 1e-6;
      const { size, values } = d2l.convolveFast(this.gray, SIDE, filter, this.state);
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
      Object.assign(this.filtered, { width: size, height: size });
      d2l.paintGray(this.filtered, values.map(value => (edges ? 255 * Math.abs(value) / largest : value / sum)));
      this.photoNote.textContent = fill(texts[edges ? 'photoEdges' : 'photoMean'], { size, sum: show(sum) });
    }

    /* A kernel that moves the picture: each output is its right neighbor. */
    get solved() {
      const { filter, state, state: { n } } = this;
      const X = matrix(n, n, (i, j) => IMAGES.digits(i, j)), Y = !d2l.convolutionFault(state) && d2l.convolve(X, filter, { ...state, mode: 'zeros' });
      return n > 2 && Y.length === n && Y.every((row, i) => row.every((y, j) => y === (X[i][j + 1] ?? 0)));
    }

    drawInput(n, padding, impossible) {
      this.input.caption.textContent = fill(this.texts[padding ? 'padded' : 'input'], { size: n });
      this.input.resize(n + 2 * padding, [padding, padding + n]);
      const largest = Math.max(...this.padded.flat().map(Math.abs));
      this.padded.forEach((row, i) => row.forEach((value, j) => {
        const rim = Math.min(i, j) < padding || Math.max(i, j) >= n + padding;
        this.input.write(i, j, value, largest, rim && impossible ? '?' : undefined);
      }));
      const reads = d2l.reads(this.state);
      this.input.mark('unread', (i, j) => this.size && !(reads[i] && reads[j]));
    }

    drawKernel(kernel, filter) {
      this.weights.caption.textContent = fill(this.texts.kernelCaption, { size: kernel });
      this.weights.resize(kernel);
      const largest = Math.max(...this.filter.flat().map(Math.abs));
      this.filter.forEach((row, i) => row.forEach((value, j) => this.weights.write(i, j, value,
        largest, filter === 'mean' && kernel > 1 ? `1/${kernel * kernel}` : undefined)));
    }

    drawOutput(fault) {
      const { texts, state, size } = this, { n, kernel, padding, dilation } = state;
      this.fault.textContent = fault ? fill(texts[fault], { ...state,
        span: dilation * (kernel - 1) + 1, room: n + 2 * padding }) : '';
      this.output.element.hidden = Boolean(fault);
      this.output.caption.textContent = fill(texts.output, { size });
      this.formula.replaceChildren(make('span', {}, texts.names), ' ',
        make('b', {}, fill(texts.numbers, { ...state, size: size || texts.noOutput.toLowerCase() })));
      this.unread.textContent = fault ? '' : this.tellUnread();
      if (fault) {
        this.status.replaceChildren();
        this.input.enclose();
        this.input.mark('tap', () => false);
        return;
      }
      this.output.resize(size);
      const largest = Math.max(...this.Y.flat().map(Math.abs));
      this.Y.forEach((row, i) => row.forEach((y, j) => this.output.write(i, j, y, largest)));
      this.choose(...this.chosen.map(i => Math.min(i, size - 1)));
    }

    tellUnread() {
      const { texts, state: { n, padding } } = this;
      const never = d2l.reads(this.state).flatMap((count, i) => (count ? [] : [i - padding]));
      const inside = never.filter(i => i >= 0 && i < n), parts = [];
      if (inside.length) {
        parts.push(fill(inside.length > 1 ? texts.unreadInputs : texts.unreadInput, { list: inside.join(', ') }));
      }
      const outside = never.length - inside.length;
      if (outside) parts.push(fill(texts.unreadPadding, { count: outside }));
      return parts.length ? fill(texts.unread, { list: parts.join(texts.and) }) : texts.allRead;
    }

    /* Show how output (i, j) came about. */
    choose(i, j) {
      this.chosen = [i, j];
      const { texts, state: { stride, kernel, dilation } } = this;
      const terms = d2l.terms(this.padded, this.filter, this.state, i, j);
      const taps = new Map(terms.map(term => [`${[term.row, term.column]}`, term]));
      this.input.enclose(i * stride, j * stride, dilation * (kernel - 1) + 1);
      this.input.mark('tap', (a, b) => {
        const tap = taps.get(`${[a, b]}`);
        if (tap) this.input.cells[a][b].dataset.weight = `×${show(tap.weight)}`;
        else delete this.input.cells[a][b].dataset.weight;
        return tap;
      });
      this.output.mark('chosen', (a, b) => a === i && b === j);
      const sign = number => (number < 0 ? `(${show(number)})` : show(number));
      this.status.replaceChildren(
        make('strong', {}, fill(texts.chosen, { row: i, column: j })),
        ...range(kernel).map(a => make('span', { class: 'row' },
          ...range(kernel).flatMap(b => {
            const { value, weight } = terms[a * kernel + b];
            return [make('span', {}, `${a + b ? '+ ' : ''}${sign(value)} × `, make('i', {}, sign(weight))), ' '];
          }))),
        make('b', {}, `= ${show(this.Y[i][j])}`));
    }

    /* Which outputs read this place of the padded input? */
    ask(i, j) {
      const { stride, kernel, dilation, padding, n } = this.state, inner = k => k >= padding && k < n + padding;
      if (!this.size) return;
      const hits = (at, out) => (at - out * stride) % dilation === 0
        && at >= out * stride && at <= out * stride + dilation * (kernel - 1);
      const reads = (a, b) => i !== undefined && hits(i, a) && hits(j, b);
      this.output.mark('reader', reads);
      const count = matrix(this.size, this.size, reads).flat().filter(Boolean).length;
      this.unread.textContent = i !== undefined && inner(i) && inner(j)
        ? fill(this.texts.readers, { row: i - padding, column: j - padding, count, all: this.size ** 2 })
        : this.tellUnread();
    }
  }

  customElements.define('d2l-convolution', Convolution);
}
