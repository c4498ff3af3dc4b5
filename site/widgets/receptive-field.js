/* <d2l-receptive-field>: layers from the side, and all that one unit sees. */
'use strict';
{
  const { make, fill, range, Widget } = d2l;
  const MOST = 5, HEIGHT = 320, BARS = 46;
  const LIMITS = { kernel: [1, 9], stride: [1, 4], padding: [0, 4], dilation: [1, 5] };
  const layer = (kernel, stride = 1, padding = 0, dilation = 1) => ({ kernel, stride, padding, dilation });
  const PRESETS = {
    three: [20, [layer(3), layer(3), layer(3)]],
    dilated: [28, [layer(3), layer(3, 1, 0, 2), layer(3, 1, 0, 4)]],
    holes: [28, [layer(3, 1, 0, 2), layer(3, 1, 0, 2), layer(3, 1, 0, 2)]],
    lenet: [28, [layer(5, 1, 2), layer(2, 2), layer(5), layer(2, 2)]],
    resnet: [32, [layer(7, 2, 3), layer(3, 2, 1), layer(3, 1, 1), layer(3, 1, 1)]],
  };

  class ReceptiveField extends Widget {
    static key = 'receptiveField';
    static start = { preset: 'three' };

    build() {
      const { texts } = this;
      this.picture = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      this.picture.setAttribute('aria-hidden', 'true');
      this.picture.setAttribute('height', HEIGHT);
      this.picture.addEventListener('click', event => this.point(event));
      this.picture.addEventListener('pointermove', event => event.pointerType === 'mouse' && this.point(event));
      this.status = make('div', { class: 'sum', role: 'status' });
      this.fault = make('p', { class: 'fault', role: 'alert' });
      this.body = make('tbody');
      this.add = make('button', { type: 'button', onclick: () => this.resize(this.layers.length + 1) }, texts.add);
      this.remove = make('button', { type: 'button', onclick: () => this.resize(this.layers.length - 1) }, texts.remove);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.select('preset', [...Object.keys(PRESETS), 'own']),
          this.slider('n', 4, 40), this.slider('layer', 1, MOST), this.slider('unit', 0, 40)),
        this.picture,
        make('div', { class: 'told wide-left' }, make('div', {}, this.status, this.fault),
          make('div', {}, make('div', { class: 'scroll' }, make('table', { class: 'layers', 'aria-label': texts.table },
            make('thead', {}, make('tr', {}, ...['', ...Object.values(texts.short), texts.size, texts.jump, texts.field]
              .map(name => make(name ? 'th' : 'td', name && { scope: 'col' } || {}, name)))), this.body)),
          make('div', { class: 'buttons' }, this.add, this.remove))));
    }

    /* A preset brings its own layers, and shows the last one's middle unit. */
    change(settings) {
      const preset = settings ? settings.preset : this.state.preset;
      if (preset in PRESETS) {
        const [n, layers] = PRESETS[preset];
        this.layers = layers.map(one => ({ ...one }));
        Object.assign(this.state, { n, layer: layers.length });
        this.rows = d2l.fields(n, layers);
        this.state.unit = this.rows.at(-1).size >> 1;
        this.list();
      }
      super.change(settings);
    }

    get shared() { return { ...super.shared, layers: this.layers.map(one => Object.values(one).join('.')).join(' ') }; }

    recallAddress() {
      const query = new URLSearchParams(location.search);
      const layers = (query.get('layers') ?? '').split(' ').slice(0, MOST).map(text => layer(...text.split('.').map(Number)));
      const fits = layers.every(one => Object.entries(LIMITS).every(([name, [min, max]]) => Number.isInteger(one[name]) && one[name] >= min && one[name] <= max));
      if (query.get('widget') === this.tag && fits) {
        this.layers = layers;
        this.list();
      }
      super.recallAddress();
    }

    /* Three layers that see 25 pixels and read them all, with stride 1. */
    get solved() {
      const { layers, rows } = this;
      const seen = layers.length === 3 && rows.at(-1).size > 0 && d2l.ways(40, layers.map(one => ({ ...one, padding: 0 })), 3, 0).at(-1);
      return Boolean(seen) && layers.every(one => one.kernel <= 5 && one.stride === 1) && rows.at(-1).field === 25 && seen.size === 25;
    }

    resize(count) {
      this.layers.length = Math.min(count, this.layers.length);
      if (count > this.layers.length) this.layers.push(layer(3));
      this.list();
      this.change({ preset: 'own', layer: Math.min(count, MOST) });
      if (this.add.disabled) this.remove.focus();
      else if (this.remove.disabled) this.add.focus();
    }

    /* Write the table's rows: settings as fields, what follows as cells. */
    list() {
      const { texts } = this;
      const results = () => range(3).map(() => make('td'));
      this.body.replaceChildren(make('tr', {}, make('th', { scope: 'row' }, texts.input), make('td', { colspan: 4 }), ...results()),
        ...this.layers.map((one, l) => make('tr', {}, make('th', { scope: 'row' }, fill(texts.level, { layer: l + 1 })),
          ...Object.entries(LIMITS).map(([name, [min, max]]) => make('td', {}, make('input', {
            type: 'number', min, max, value: one[name], 'aria-label': fill(texts.control, { layer: l + 1, name: texts[name] }),
            oninput: ({ target }) => {
              if (!target.validity.valid || target.value === '') return;
              one[name] = target.valueAsNumber;
              this.change({ preset: 'own' });
            },
            onblur: ({ target }) => { target.value = one[name]; } }))), ...results())));
    }

    draw() {
      const { layers, state, texts } = this;
      const rows = this.rows = d2l.fields(state.n, layers);
      const wrong = rows.findIndex(row => row.size < 1), top = wrong < 0 ? layers.length : wrong - 1;
      state.layer = Math.min(state.layer, top);
      state.unit = Math.min(state.unit, rows[state.layer].size - 1);
      const sliders = { layer: top, unit: rows[state.layer].size - 1 };
      for (const [name, max] of Object.entries(sliders)) {
        const control = this.querySelector(`[name=${name}]`);
        Object.assign(control, { min: Math.min(control.min, max), max, value: state[name] });
        control.nextElementSibling.value = state[name];
      }
      this.add.disabled = layers.length === MOST;
      this.remove.disabled = layers.length === 1;
      rows.forEach((row, l) => {
        const line = this.body.children[l], good = wrong < 0 || l < wrong;
        [row.size, row.jump, row.field].forEach((value, i) => { line.children[line.children.length - 3 + i].textContent = good ? value : '–'; });
        line.classList.toggle('chosen', l === state.layer);
      });
      const below = rows[wrong - 1], bad = layers[wrong - 1];
      this.fault.textContent = wrong < 0 ? '' : fill(texts.fault, { layer: wrong,
        span: bad.dilation * (bad.kernel - 1) + 1, room: below.size + 2 * bad.padding });
      this.show(top);
    }

    show(top) {
      const { rows, layers, state: { n, layer: l, unit } } = this;
      const maps = l ? d2l.ways(n, layers, l, unit) : [new Map([[unit, 1]])];
      const left = Math.min(-1, ...rows.slice(0, top + 1).map(row => row.start + (row.field - 1) / 2));
      const right = Math.max(n, ...rows.slice(0, top + 1).map(row => row.start + (row.field - 1) / 2 + (row.size - 1) * row.jump + 1));
      const x = place => (100 * (place - left + 0.5) / (right - left + 1)).toFixed(2);
      this.center = (k, i) => Number(x(rows[k].start + (rows[k].field - 1) / 2 + i * rows[k].jump));
      const bottom = HEIGHT - BARS - 24;
      this.level = k => bottom - (top ? (bottom - 22) * k / top : 0);
      const lines = [], units = [];
      const name = k => (k ? fill(this.texts.level, { layer: k }) : this.texts.input);
      for (let k = 0; k <= top; k++) {
        units.push(`<text x="0" y="${this.level(k) - 12}">${name(k)}</text>`);
        const seen = maps[l - k] ?? new Map(), largest = Math.max(...seen.values());
        for (const i of range(rows[k].size)) {
          const share = seen.has(i) ? Math.max(0.25, seen.get(i) / largest).toFixed(2) : 0;
          const kind = k === l && i === unit ? 'it' : share ? 'seen' : '';
          units.push(`<circle class="${kind}" cx="${this.center(k, i)}%" cy="${this.level(k)}" style="--share:${share}"/>`);
        }
        if (k < l) {
          const { kernel, stride, padding, dilation } = layers[k];
          for (const i of maps[l - k - 1].keys()) {
            for (const a of range(kernel)) {
              const at = i * stride - padding + a * dilation;
              lines.push(`<line x1="${this.center(k + 1, i)}%" y1="${this.level(k + 1)}" x2="${this.center(k, at)}%" y2="${this.level(k)}"${seen.has(at) ? '' : ' class="out"'}/>`);
            }
          }
        }
      }
      this.picture.style.setProperty('--units', right - left + 1);
      this.picture.innerHTML = lines.join('') + units.join('') + this.bars(maps.at(-1), x);
      this.tell(maps.at(-1));
    }

    /* The bracket of the field, and the number of ways from each pixel. */
    bars(seen, x) {
      const { rows, state: { layer: l, unit, n } } = this, row = rows[l], from = row.start + unit * row.jump;
      const largest = Math.max(...seen.values()), base = HEIGHT - BARS - 10, edge = place => Math.max(0, Math.min(100, Number(x(place))));
      const start = edge(from - 0.45), stop = edge(from + row.field - 0.55);
      return `<line class="bracket" x1="${start}%" x2="${stop}%" y1="${base}" y2="${base}"/>${[...seen]
        .filter(([i]) => i >= 0 && i < n).map(([i, count]) => `<line class="bar" x1="${x(i)}%" x2="${x(i)}%" y1="${base + 4}" y2="${(base + 6 + (BARS - 8) * count / largest).toFixed(1)}"/>`).join('')}`;
    }

    tell(seen) {
      const { texts, rows, layers, state: { layer: l, unit, n } } = this, row = rows[l];
      const from = row.start + unit * row.jump, to = from + row.field - 1;
      const outside = Math.max(0, -from) + Math.max(0, to - n + 1), count = seen.size;
      const parts = [fill(texts.sees, { unit, layer: l, from: String(from).replace('-', '−'), to, field: row.field })];
      if (outside) parts.push(fill(texts.outside, { count: outside }));
      if (count < row.field - outside) parts.push(fill(texts.holes, { count, field: row.field }));
      this.status.replaceChildren(make('p', {}, parts.join(' ')));
      if (!l) return;
      const values = { ...layers[l - 1], ...row, below: rows[l - 1].field, jumpBelow: rows[l - 1].jump };
      this.status.append(make('p', { class: 'formula' }, make('span', {}, texts.words),
        make('b', {}, fill(texts.fieldSum, values)), make('br'), make('b', {}, fill(texts.jumpSum, values))));
    }

    /* Choose the unit nearest to the pointer. */
    point(event) {
      const box = this.picture.getBoundingClientRect();
      const y = event.clientY - box.top, x = 100 * (event.clientX - box.left) / box.width;
      const good = this.rows.filter(row => row.size > 0).length;
      const nearest = (count, far) => range(count).reduce((best, i) => (far(i) < far(best) ? i : best), 0);
      const l = nearest(good, k => Math.abs(this.level(k) - y));
      const unit = nearest(this.rows[l].size, i => Math.abs(this.center(l, i) - x));
      if (l !== this.state.layer || unit !== this.state.unit) this.change({ layer: l, unit });
    }
  }

  customElements.define('d2l-receptive-field', ReceptiveField);
}
