/* <d2l-draw>: draw something, and see what LeNet makes of it, layer by layer. */
'use strict';
{
  const { make, fill, range, Widget, SIDE, FINE } = d2l;
  const SOURCE = document.currentScript?.src; // the networks' files lie beside
  const OPENING = { digits: 7, fashion: 1 };
  const BLANK = new Float32Array(SIDE * SIDE);
  const MAPS = { C1: [6, 28], S2: [6, 14], C3: [16, 10], S4: [16, 5], C5: [1, 120, 1], F6: [1, 84, 1] };
  // How the training data were framed, the pen's radius, and the gray of what is filled.
  const NETS = {
    digits: { box: 20, byMass: true, pen: 1.25, gray: 1, filled: false },
    fashion: { box: 28, byMass: false, pen: 0.8, gray: 0.8, filled: true },
  };

  /* Paint numbers from 0 to largest as grays, which stay what they are in dark mode. */
  function paint(canvas, values, largest = 1) {
    const context = canvas.getContext('2d'), image = context.createImageData(canvas.width, canvas.height);
    values.forEach((value, at) => image.data.fill(255 * value / (largest || 1), 4 * at, 4 * at + 3).fill(255, 4 * at + 3, 4 * at + 4));
    context.putImageData(image, 0, 0);
  }

  /* A picture file as 28×28 numbers. One of 28×28 stays as it is, unless its
     background is white; others are read as ink on paper, and framed. */
  async function readPicture(file, frame) {
    const bitmap = await createImageBitmap(file), same = bitmap.width === SIDE && bitmap.height === SIDE;
    const scale = same ? 1 : Math.min(1, SIDE * FINE / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [bitmap.width, bitmap.height].map(size => Math.max(1, Math.round(size * scale)));
    const context = make('canvas', { width, height }).getContext('2d');
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const gray = Float32Array.from({ length: width * height }, (_, at) => 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]);
    if (same && gray[0] < 128) return gray.map(value => value / 255);
    return d2l.normalize(d2l.inkOf(gray, width), frame);
  }

  /* '7 %', and near the ends '0.3 %' and '99.98 %'. */
  function percent(share) {
    const value = 100 * share, digits = value > 99 ? 2 : value < 1 ? 1 : 0;
    return `${(value > 99 ? Math.min(99.99, value) : value).toFixed(digits)}\u00a0%`;
  }

  class Draw extends Widget {
    static key = 'draw';
    static start = { net: 'digits', filled: false };

    /* What stands for the widget comes back on paper, where nobody draws. */
    connectedCallback() {
      this.still ??= make('div', { class: 'still' }, ...this.childNodes);
      super.connectedCallback();
      this.open();
    }

    build() {
      const { texts } = this;
      Object.assign(this, { picture: { strokes: [], stored: 'own', said: '' }, past: [], wanted: {}, pen: [14, 14], down: false });
      this.buildPad();
      this.seen = make('canvas', { width: SIDE, height: SIDE, class: 'tile', role: 'img', 'aria-label': texts.seen });
      this.bars = make('ul', { class: 'shares', 'aria-label': texts.shares });
      this.status = make('p', { role: 'status' });
      this.fault = make('p', { class: 'fault', role: 'alert' });
      this.file = make('input', { type: 'file', accept: 'image/*', hidden: true, 'aria-label': texts.choose, onchange: () => this.take(this.file.files[0]) });
      this.stored = make('select', { 'aria-label': texts.stored, onchange: () => this.fetchStored(this.stored.value) });
      const button = (text, f) => make('button', { type: 'button', onclick: f }, text);
      const figure = (caption, element) => make('figure', {}, make('figcaption', {}, caption), element);
      this.addEventListener('dragover', event => event.preventDefault());
      this.addEventListener('drop', event => { event.preventDefault(); this.take(event.dataTransfer.files[0]); });
      this.append(make('p', { class: 'lead', id: 'draw-hint' }, texts.lead),
        make('div', { class: 'controls selects' }, this.select('net', Object.keys(NETS)),
          make('label', { class: 'select' }, make('span', {}, texts.stored), this.stored), make('div', { class: 'checks' }, this.checkbox('filled'))),
        make('div', { class: 'buttons' }, this.back = button(texts.undo, () => this.undo()),
          button(texts.clear, () => this.set({ strokes: [] })), button(texts.choose, () => this.file.click()), this.file),
        make('div', { class: 'scene' }, figure(texts.drawing, this.pad), figure(texts.seen, this.seen), figure(texts.shares, this.bars)),
        make('div', { class: 'outcome' }, this.place, this.status, this.fault), this.buildMaps(), this.buildHonest(), this.still);
    }

    buildPad() {
      this.ink = make('canvas', { width: SIDE * FINE, height: SIDE * FINE, 'aria-hidden': 'true' });
      this.cursor = make('span', { class: 'pen', 'aria-hidden': 'true' });
      this.place = make('p', { class: 'place', role: 'status' });
      this.pad = make('div', { class: 'pad', role: 'application', tabindex: 0, 'aria-describedby': 'draw-hint', onkeydown: event => this.press(event),
        onblur: () => this.finish(), onpointerdown: event => this.begin(event), onpointermove: event => this.follow(event),
        onpointerup: () => this.finish(), onpointercancel: () => this.finish() }, this.ink, this.cursor);
    }

    buildMaps() {
      this.tiles = Object.fromEntries(Object.entries(MAPS).map(([name, [count, width, height = width]]) => [name,
        range(count).map(() => make('canvas', { width, height, class: 'tile' }))]));
      this.rows = Object.fromEntries(Object.entries(this.tiles).map(([name, tiles]) => [name,
        make('div', { class: `tiles of-${tiles.length}`, role: 'img' }, ...tiles)]));
      return make('div', { class: 'maps' }, ...Object.entries(this.rows).flatMap(([name, row]) => [
        make('span', { 'aria-hidden': 'true' }, make('b', {}, name), ` ${this.texts.layers[name]}`), row]),
      make('p', { class: 'why' }, this.texts.mapsNote));
    }

    buildHonest() {
      this.summary = make('summary');
      this.errors = make('div');
      this.honest = make('details', { ontoggle: () => this.honest.open && this.load() }, this.summary, this.errors);
      return make('div', { class: 'honest' }, make('p', {}, this.texts.honest), this.honest);
    }

    // The network: its file is loaded when there is something for it to do

    async load() {
      const { net } = this.state;
      try {
        this.wanted[net] ??= d2l.nets?.[net] ? Promise.resolve() : new Promise((resolve, reject) => document.head.append(
          make('script', { src: new URL(`lenet-${net}.js`, SOURCE).href, onload: resolve, onerror: reject })));
        await this.wanted[net];
      } catch {
        delete this.wanted[net];
        this.fault.textContent = this.texts.broken;
        return undefined;
      }
      const file = d2l.nets[net];
      file.layers ??= d2l.lenet(d2l.halves(file.weights));
      if (net === this.state.net) this.tellErrors(file);
      return file;
    }

    tellErrors({ tested, wrong, flat, confused, mistakes }) {
      const { texts, names } = this, number = value => value.toLocaleString('en');
      this.summary.textContent = fill(texts.counted, { tested: number(tested), wrong: number(wrong), share: (100 * wrong / tested).toFixed(1) });
      const asDrawn = fill(texts.flat, { share: (100 - 100 * flat).toFixed(1) });
      const pairs = confused.map(([label, said, count]) => fill(texts.pair, { label: names[label], said: names[said], count }));
      this.errors.replaceChildren(make('p', {}, fill(texts.often, { pairs: pairs.join(', ') })), make('p', {}, asDrawn), make('p', {}, texts.surest),
        make('div', { class: 'mistakes' }, ...mistakes.map(({ image, label, said, share, index }) => {
          const canvas = make('canvas', { width: SIDE, height: SIDE, class: 'tile', 'aria-hidden': 'true' });
          paint(canvas, d2l.pixels(image));
          const words = fill(texts.mistake, { label: names[label], said: names[said], share: percent(share) });
          return make('button', { type: 'button', onclick: () => this.put(image, label, index) }, canvas, words);
        })));
    }

    async fetchStored(stored) {
      const file = await this.load(), { image, label, index } = file?.samples[stored] ?? {};
      if (image) this.put(image, label, index, stored);
    }

    // The picture: strokes on nothing, or on a picture of 28×28

    /* Take a new picture; the last one can be brought back. */
    set(picture) {
      this.past.push(this.picture);
      this.show(picture);
    }

    undo() {
      if (this.past.length) this.show(this.past.pop());
      if (!this.past.length) this.pad.focus();
    }

    show(picture) {
      this.picture = { stored: 'own', said: '', ...picture };
      this.raster = new Float32Array((SIDE * FINE) ** 2);
      for (const stroke of this.picture.strokes) stroke.forEach((point, k) => this.lay(stroke[Math.max(0, k - 1)], point));
      this.down = false;
      this.fault.textContent = '';
      this.change();
    }

    lay(from, to) { d2l.stroke(this.raster, from, to, NETS[this.state.net].pen); }

    put(image, label, index, stored = 'own') {
      this.set({ strokes: [], base: d2l.pixels(image), stored, label, said: fill(this.texts.said, { label: this.names[label], index }) });
    }

    async take(file) {
      if (!file) return;
      this.file.value = '';
      try {
        this.set({ strokes: [], base: await readPicture(file, NETS[this.state.net]) });
      } catch {
        this.fault.textContent = fill(this.texts.unreadable, { name: file.name });
      }
    }

    /* Other data have other names, and their own way to fill and to frame. */
    change(settings) {
      const { net } = { ...this.state, ...settings };
      super.change(net === this.net ? settings : { ...settings, filled: NETS[net].filled });
      if (net === this.net) return;
      const { texts } = this;
      this.net = net;
      this.names = texts.classes[net];
      this.pad.setAttribute('aria-label', texts.pads[net]);
      this.summary.textContent = texts.wrongs;
      this.errors.replaceChildren();
      this.stored.replaceChildren(...['own', ...this.names].map((name, k) => make('option', { value: k ? k - 1 : name }, k ? name : texts.options.own)));
      this.bars.replaceChildren(...this.names.map(name => make('li', {}, make('span', {}, name), make('span', { class: 'bar' }), make('span', {}, '–'))));
      this.show({ ...this.picture, stored: 'own', said: '' });
      if (this.honest.open) this.load();
    }

    // The pen

    begin(event) {
      if (event.button) return;
      this.pad.setPointerCapture(event.pointerId);
      this.start(this.at(event));
    }

    at({ clientX, clientY }) {
      const { left, top, width, height } = this.ink.getBoundingClientRect();
      return [(clientX - left) / width * SIDE, (clientY - top) / height * SIDE];
    }

    start(point) {
      const { label, from = label } = this.picture;
      this.set({ ...this.picture, said: '', stored: 'own', label: undefined, from, strokes: [...this.picture.strokes, [point]] });
      this.down = true;
    }

    follow(event) {
      if (!this.down || !this.pad.hasPointerCapture(event.pointerId)) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.extend(this.at(each));
      this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.draw(); });
    }

    extend(point) {
      const stroke = this.picture.strokes.at(-1);
      this.lay(stroke.at(-1), point);
      stroke.push(point);
    }

    finish() {
      if (!this.down) return;
      this.down = false;
      this.draw();
    }

    press(event) {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (event.ctrlKey || event.metaKey ? event.key !== 'z' : event.altKey || !step && event.key !== ' ') return;
      event.preventDefault();
      if (event.key === 'z') return this.undo();
      const middle = () => this.pen.map(k => k + 0.5).reverse();
      if (step) {
        this.pen = this.pen.map((k, axis) => Math.min(SIDE - 1, Math.max(0, k + step[axis] * (event.shiftKey ? 4 : 1))));
        if (this.down) this.extend(middle());
      } else if (this.down) this.finish();
      else this.start(middle());
      this.draw();
    }

    // What is seen

    /* What the network gets: the drawing framed, or a picture with the drawing on it. */
    input() {
      const { base } = this.picture, frame = NETS[this.net];
      const ink = (this.state.filled ? d2l.fillClosed(this.raster) : this.raster).map(value => value * frame.gray);
      const size = SIDE * FINE;
      if (!base) return [ink, d2l.normalize(ink, frame)];
      const small = d2l.resize(ink, [size, size], [SIDE, SIDE]);
      const large = ink.map((value, at) => Math.max(value, base[Math.floor(at / size / FINE) * SIDE + Math.floor(at % size / FINE)]));
      return [large, base.map((value, at) => Math.max(value, small[at]))];
    }

    draw() {
      if (!this.raster) return;
      const { texts } = this, [ink, seen] = this.input(), some = seen.some(value => value > 0);
      paint(this.ink, ink);
      paint(this.seen, seen);
      this.back.disabled = !this.past.length;
      this.stored.value = this.picture.stored;
      this.pad.dataset.hint = some ? '' : texts.pads[this.net];
      ['row', 'column'].forEach((name, axis) => this.cursor.style.setProperty(`--${name}`, this.pen[axis]));
      this.cursor.classList.toggle('down', this.down);
      const keys = this.pad.matches(':focus-visible');
      this.place.textContent = keys ? fill(texts[this.down ? 'penDown' : 'penUp'], { row: this.pen[0], column: this.pen[1] }) : '';
      const layers = d2l.nets?.[this.net]?.layers;
      if (some && !layers) this.load().then(file => file && file === d2l.nets[this.net] && this.draw());
      this.tell(some && layers ? d2l.classify(layers, seen) : undefined, some);
    }

    tell(result, some) {
      const { texts, names } = this;
      for (const [name, tiles] of Object.entries(this.tiles)) {
        const values = result?.maps[name] ?? BLANK, size = tiles[0].width * tiles[0].height, largest = result && Math.max(...values);
        tiles.forEach((tile, k) => paint(tile, result ? values.subarray(k * size, (k + 1) * size) : values.subarray(0, size), largest));
        this.rows[name].setAttribute('aria-label', fill(result ? texts.mapsTold : texts.mapsPlain, { name, layer: texts.layers[name],
          largest: largest?.toFixed(1), place: result && 1 + Math.floor(values.indexOf(largest) / size) }));
      }
      [...this.bars.children].forEach((bar, k) => {
        bar.style.setProperty('--share', `${100 * (result?.shares[k] ?? 0)}%`);
        bar.lastChild.textContent = result ? percent(result.shares[k]) : '–';
      });
      if (this.down) return;
      const [first, second] = result ? range(10).sort((a, b) => result.shares[b] - result.shares[a]) : [];
      this.status.textContent = result ? `${fill(texts.verdict, { first: names[first], share: percent(result.shares[first]),
        second: names[second], next: percent(result.shares[second]) })} ${this.picture.said}${this.excuse(result.shares, first)}` : some ? texts.loading : texts.nothing;
      this.verdict = first;
      this.judge();
    }

    /* Why a test image is read wrong, in what can be seen of it. */
    excuse(shares, first) {
      const { label } = this.picture, { texts, names } = this;
      if (label === undefined || label === first) return '';
      const place = 1 + shares.filter(share => share > shares[label]).length;
      const often = d2l.nets[this.net].confused.find(([right, said]) => right === label && said === first);
      return ` ${fill(texts.mistaken, { label: names[label], share: percent(shares[label]), place })}`
        + (often ? ` ${fill(texts.oftenMistaken, { label: names[label], said: names[first], count: often[2] })}` : '');
    }

    /* A test image that was read rightly, until a few strokes changed that. */
    get solved() {
      const { from, strokes } = this.picture;
      return from !== undefined && strokes.length > 0 && strokes.length <= 2 && this.verdict !== undefined && this.verdict !== from;
    }

    /* It opens with a picture that it reads rightly, when somebody comes near. */
    open() {
      new IntersectionObserver(async ([{ isIntersecting }], watcher) => {
        if (!isIntersecting) return;
        watcher.disconnect();
        if (!this.past.length && !this.picture.strokes.length && await this.load() && !this.past.length) {
          await this.fetchStored(OPENING[this.net]);
          this.past = [];
          this.draw();
        }
      }, { rootMargin: '50%' }).observe(this);
    }
  }

  customElements.define('d2l-draw', Draw);
}
