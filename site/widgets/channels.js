/* <d2l-channels>: which channels a convolution with groups reads, and the sum over them. */
'use strict';
{
  const { make, fill, show, range, matrix, Grid, Player, Widget } = d2l;
  const SIZE = 4, MOST = 6, HEIGHT = 190, BOX = 26;
  const image = c => matrix(SIZE, SIZE, (i, j) => (3 * c + 2 * i * (c + 1) + 7 * j + i * j * (c + 2)) % 10);
  const PRESETS = {
    full: { inChannels: 3, outChannels: 4, groups: 1, kernel: 3 },
    grouped: { inChannels: 4, outChannels: 6, groups: 2, kernel: 3 },
    depthwise: { inChannels: 4, outChannels: 4, groups: 4, kernel: 3 },
    pointwise: { inChannels: 3, outChannels: 4, groups: 1, kernel: 1 },
  };

  class Channels extends Widget {
    static key = 'channels';
    static start = { preset: 'grouped', channel: 3 };

    build() {
      const { texts } = this;
      this.chosen = [0, 0];
      this.changed = {}; // numbers that were typed into kernels
      this.X = range(MOST).map(image);
      this.picture = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      for (const [name, value] of Object.entries({ class: 'links', 'aria-hidden': 'true', height: HEIGHT })) this.picture.setAttribute(name, value);
      this.picture.addEventListener('click', event => this.point(event));
      const pick = (i, j) => { this.player.play(false); this.choose(i, j); };
      this.output = new Grid({ caption: texts.output, pick, point: pick });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.player = new Player(this);
      this.size = 0;
      this.shape = make('p', { class: 'formula' });
      this.cost = make('p');
      this.fault = make('p', { class: 'fault', role: 'alert' });
      this.terms = make('div', { class: 'terms' });
      const sliders = [['inChannels', 1, MOST], ['outChannels', 1, MOST], ['groups', 1, MOST], ['kernel', 1, 3], ['channel', 0, MOST - 1]];
      const preset = this.select('preset', [...Object.keys(PRESETS), 'own']);
      preset.classList.add('wide');
      this.style.setProperty('--places', 7);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, preset, ...sliders.map(args => this.slider(...args))),
        this.picture, this.fault,
        make('div', { class: 'stage' }, this.terms, make('div', { class: 'result' }, this.output.element)),
        make('div', { class: 'told' },
          make('div', {}, this.player.element, this.status),
          make('div', {}, make('strong', {}, texts.weights), this.shape, this.cost)));
    }

    /* A preset brings its settings; another setting makes it one's own. */
    change(settings) {
      const preset = settings ? settings.preset : this.state.preset;
      if (preset in PRESETS) Object.assign(this.state, PRESETS[preset]);
      else if (settings && !('channel' in settings)) this.state.preset = 'own';
      super.change(settings);
    }

    /* Six channels in and out, 3×3 kernels, at most 108 weights, and every
       output still sees more than one channel. */
    get solved() {
      const { inChannels, outChannels, kernel, groups } = this.state;
      return inChannels === 6 && outChannels === 6 && kernel === 3 && groups === 3;
    }

    weight(o, c, a, b) { return this.changed[[o, c, a, b]] ?? (3 * o + 2 * c + 2 * a + 4 * b + a * b) % 5 - 2; }

    draw() {
      const { texts, state, state: { inChannels, outChannels, groups, kernel } } = this;
      const fault = d2l.channelsFault(state);
      state.channel = Math.min(state.channel, outChannels - 1);
      const slider = this.querySelector('[name=channel]');
      Object.assign(slider, { max: outChannels - 1, value: state.channel });
      slider.nextElementSibling.value = state.channel;
      this.size = fault ? 0 : SIZE - kernel + 1;
      this.read = fault ? [] : d2l.channelsRead(state, state.channel);
      this.W = fault ? [] : range(outChannels).map(o => d2l.channelsRead(state, o)
        .map((_, c) => matrix(kernel, kernel, (a, b) => this.weight(o, c, a, b))));
      this.fault.textContent = fault ? fill(texts[`${fault}Fault`], state) : '';
      this.connect(fault);
      this.output.element.hidden = Boolean(fault);
      this.price(fault, d2l.channelWeights(state));
      this.list();
      if (fault) this.status.replaceChildren();
      else this.fillOutput();
    }

    /* Boxes for the channels, lines from those above to those that read them. */
    connect(fault) {
      const { texts, state, state: { inChannels, outChannels, groups, channel } } = this, parts = [];
      const rows = { input: [inChannels, 34], output: [outChannels, HEIGHT - 34] };
      this.x = (count, k) => 100 * (k + 0.5) / count;
      for (const o of fault ? [] : range(outChannels)) {
        for (const c of d2l.channelsRead(state, o)) {
          const line = `x1="${this.x(inChannels, c)}%" y1="${34 + BOX / 2}" x2="${this.x(outChannels, o)}%" y2="${HEIGHT - 34 - BOX / 2}"`;
          parts[o === channel ? 'push' : 'unshift'](`<line class="${o === channel ? 'it' : ''}" ${line}/>`);
        }
      }
      for (const [name, [count, y]] of Object.entries(rows)) {
        parts.push(`<text x="0" y="${name === 'input' ? 12 : HEIGHT - 4}">${texts[name === 'input' ? 'inputs' : 'outputs']}</text>`);
        for (const k of range(count)) {
          const kind = name === 'input' ? this.read.includes(k) && 'seen' : k === channel && 'it';
          const shade = fault ? 0 : Math.floor(k * groups / count) % 2;
          parts.push(`<g class="box ${kind || ''} shade${shade}"><rect x="${this.x(count, k)}%" y="${y - BOX / 2}" width="${BOX}" height="${BOX}"/>`
            + `<text x="${this.x(count, k)}%" y="${y + 4}">${k}</text></g>`);
        }
      }
      this.picture.innerHTML = parts.join('');
    }

    price(fault, { shape, count }) {
      const { texts, state, state: { outChannels, groups, inChannels, kernel } } = this;
      this.shape.replaceChildren(make('span', {}, texts.shapeNames), ' ',
        make('b', {}, fault ? texts.none : `(${shape.join(', ')})`));
      const values = { ...state, count, parameters: count + outChannels, full: count * groups };
      this.cost.replaceChildren(...fault ? [] : [make('b', {}, fill(texts.parameters, { ...values, product: shape.join('×') })), ' ',
        groups === 1 ? '' : fill(texts.fewer, values),
        groups === inChannels && groups === outChannels && groups > 1 ? ` ${texts.depthwise}` : '', kernel === 1 ? ` ${texts.pointwise}` : '']);
    }

    /* For each channel that is read: its numbers, its kernel, what they give. */
    list() {
      const { texts, state: { channel, kernel } } = this, key = String([this.read, channel, kernel, this.size]);
      if (key === this.listed) return;
      this.listed = key;
      this.maps = this.read.map((c, slice) => {
        const map = new Grid({ caption: fill(texts.inputMap, { channel: c }) });
        const weights = new Grid({ caption: fill(texts.slice, { channel, slice, read: c }),
          edit: (a, b, value) => { this.changed[[channel, slice, a, b]] = value; this.change({ channel }); } });
        map.table.removeAttribute('role'); // nothing in it to choose
        weights.caption.textContent = fill(texts.index, { channel, slice });
        map.resize(SIZE);
        weights.resize(kernel);
        return { map, weights, sum: make('b', { class: 'part' }) };
      });
      const glyph = text => make('span', { class: 'sign', 'aria-hidden': 'true' }, text);
      this.terms.replaceChildren(...this.maps.map(({ map, weights, sum }) => make('div', { class: 'term' },
        map.element, glyph('⋆'), weights.element, sum)));
    }

    fillOutput() {
      const { texts, state, state: { channel } } = this;
      this.maps.forEach(({ map, weights }, k) => {
        for (const [grid, numbers] of [[map, this.X[this.read[k]]], [weights, this.W[channel][k]]]) {
          const largest = Math.max(...numbers.flat().map(Math.abs));
          numbers.forEach((row, i) => row.forEach((value, j) => grid.write(i, j, value, largest)));
        }
      });
      this.Y = matrix(this.size, this.size, (i, j) => d2l.channelSums(this.X, this.W, state, channel, i, j)
        .reduce((total, { sum }) => total + sum, 0));
      this.output.caption.textContent = fill(texts.output, { channel, size: this.size });
      this.output.resize(this.size);
      const largest = Math.max(...this.Y.flat().map(Math.abs));
      this.Y.forEach((row, i) => row.forEach((y, j) => this.output.write(i, j, y, largest)));
      this.choose(...this.chosen.map(i => Math.min(i, this.size - 1)));
    }

    /* Show how pixel (i, j) of the chosen channel came about. */
    choose(i, j) {
      this.chosen = [i, j];
      const { texts, state, state: { channel, kernel } } = this;
      const sums = d2l.channelSums(this.X, this.W, state, channel, i, j);
      const sign = number => (number < 0 ? `(${show(number)})` : show(number));
      this.maps.forEach(({ map, sum }, k) => {
        map.enclose(i, j, kernel);
        sum.textContent = `= ${show(sums[k].sum)}`;
      });
      this.output.mark('chosen', (a, b) => a === i && b === j);
      this.status.replaceChildren(make('strong', {}, fill(texts.chosen, { channel, row: i, column: j })),
        make('p', {}, fill(sums.length > 1 ? texts.reads : texts.readsOne, { list: this.read.join(', ') })),
        ...sums.flatMap(({ sum }, k) => [make('span', {}, k ? `+ ${sign(sum)}` : show(sum)), ' ']),
        make('b', {}, `= ${show(this.Y[i][j])}`));
    }

    /* Choose the output channel nearest to the pointer. */
    point(event) {
      const box = this.picture.getBoundingClientRect(), { outChannels } = this.state;
      const share = (event.clientX - box.left) / box.width;
      this.change({ channel: Math.max(0, Math.min(outChannels - 1, Math.floor(share * outChannels))) });
    }
  }

  customElements.define('d2l-channels', Channels);
}
