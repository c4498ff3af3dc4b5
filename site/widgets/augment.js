/* <d2l-augment>: what a network sees of one picture when it is augmented. */
'use strict';
{
  const { make, fill, show, range, Widget } = d2l;
  const SIDE = 96, COUNT = 11;
  const KINDS = ['padding', 'rotation', 'brightness', 'contrast', 'saturation', 'hue'];

  /* The letter b on a colored sheet, and the page's photograph, as numbers. */
  function letter() {
    const context = make('canvas', { width: SIDE, height: SIDE }).getContext('2d');
    context.fillStyle = '#d9b44a';
    context.fillRect(0, 0, SIDE, SIDE);
    context.lineWidth = 9;
    context.strokeStyle = '#1d4f7c';
    context.beginPath();
    context.arc(50, 60, 14, 0, 7);
    context.moveTo(36, 18);
    context.lineTo(36, 78);
    context.stroke();
    return context.getImageData(0, 0, SIDE, SIDE);
  }

  const channels = ({ data }) => range(3).map(k => Float32Array.from({ length: SIDE * SIDE }, (_, at) => data[4 * at + k] / 255));

  function paint(canvas, picture) {
    const context = canvas.getContext('2d'), image = context.createImageData(SIDE, SIDE);
    image.data.fill(255);
    picture.forEach((channel, k) => channel.forEach((value, at) => { image.data[4 * at + k] = 255 * value; }));
    context.putImageData(image, 0, 0);
  }

  class Augment extends Widget {
    static key = 'augment';
    static start = { picture: 'cat', seed: 1, flip: true, upend: false, padding: 12, rotation: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0, sample: 1 };

    build() {
      const { texts } = this, canvas = () => make('canvas', { width: SIDE, height: SIDE });
      this.pictures = { letter: channels(letter()) };
      this.original = canvas();
      this.samples = range(COUNT).map(k => {
        const label = fill(texts.sample, { sample: k + 1 });
        return make('button', { type: 'button', 'aria-label': label, onclick: () => this.change({ sample: k }) }, canvas());
      });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('padding', 0, 48, 2), this.slider('rotation', 0, 180, 15), this.slider('brightness', 0, 0.8, 0.1),
          this.slider('contrast', 0, 0.8, 0.1), this.slider('saturation', 0, 0.8, 0.1), this.slider('hue', 0, 0.5, 0.05)),
        make('div', { class: 'controls selects' }, this.select('picture', ['cat', 'letter']), this.slider('seed', 1, 50),
          make('div', { class: 'checks' }, this.checkbox('flip'), this.checkbox('upend'))),
        make('div', { class: 'samples' }, make('figure', {}, this.original, make('figcaption', {}, texts.original)), ...this.samples), this.status);
      this.ready = d2l.photoData(SIDE).then(image => { this.pictures.cat = channels(image); this.draw(); });
    }

    draw() {
      const { texts, state, samples } = this, picture = this.pictures[state.picture], random = d2l.dice(state.seed);
      random();
      const drawn = samples.map(() => d2l.drawn(random, state));
      samples.forEach((button, k) => button.setAttribute('aria-pressed', k === state.sample));
      this.tell(drawn[state.sample]);
      if (!picture) return; // the photograph is not there yet
      this.original.setAttribute('role', 'img');
      this.original.setAttribute('aria-label', `${texts.original}: ${texts.options[state.picture]}`);
      paint(this.original, picture);
      samples.forEach((button, k) => paint(button.firstChild, d2l.transformed(picture, SIDE, drawn[k])));
    }

    tell(given) {
      const { texts, state: { padding, sample } } = this, { mean, most } = d2l.borderShare(SIDE, padding), percent = share => (100 * share).toFixed(0);
      const moved = [['right', given.right], ['down', given.down]].filter(([, by]) => by).map(([name, by]) => fill(texts.moved[by > 0 ? name : `not ${name}`], { by: Math.abs(by) }));
      const factors = ['brightness', 'contrast', 'saturation'].filter(name => given[name] !== 1).map(name => fill(texts.factor, { name: texts[name].toLowerCase(), by: show(given[name]) }));
      const words = [...moved, given.flip && texts.flipped, given.upend && texts.upended, given.degrees && fill(texts.turned, { by: Math.round(given.degrees) }), ...factors,
        given.hue && fill(texts.tinted, { by: show(given.hue) })].filter(Boolean);
      this.status.replaceChildren(make('strong', {}, fill(texts.given, { sample: sample + 1, words: words.join(', ') || texts.asItIs })),
        make('p', {}, fill(texts[padding ? 'border' : 'noBorder'], { padding, side: SIDE, mean: percent(mean), most: percent(most) })));
    }

    /* The letter, changed in four ways that leave it a b. */
    get solved() {
      const { state } = this, used = KINDS.filter(name => state[name] > 0).length;
      return state.picture === 'letter' && !state.flip && !state.upend && used >= 4 && state.rotation <= 45 && state.padding <= 24;
    }
  }

  customElements.define('d2l-augment', Augment);
}
