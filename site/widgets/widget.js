/* What the widgets share: elements, controls, and grids that arrow keys walk. */
'use strict';
{
  const { range } = d2l;

  /* make('p', { class: 'note', onclick: f }, 'text', element) */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, '');
      else if (value !== false && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  /* fill('{a} and {b}', { a: 1, b: 2 }) is '1 and 2' */
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  /* At most two decimals and a true minus sign. */
  function show(number) {
    const text = String(Math.abs(Math.round(number * 100) / 100));
    return number < -0.004 ? `\u2212${text}` : text;
  }

  /* '3', '-0.5', '1/9'; NaN for what is no number. */
  function read(text) {
    const [above, below = '1', ...more] = text.replace('\u2212', '-').split('/');
    return more.length || !above.trim() || !below.trim() ? NaN : above / below;
  }

  /* The names in one of the lists that this browser keeps, of tasks done, say. */
  function keptNames(list) {
    try { return new Set(JSON.parse(localStorage.getItem(list)).filter(name => typeof name === 'string')); } catch { return new Set(); }
  }

  function keepName(list, name) {
    try { localStorage.setItem(list, JSON.stringify([...keptNames(list).add(name)])); } catch { /* private window */ }
  }

  const DONE = 'tasks done';

  /* What all widgets have: a title, a task that is checked, settings that the
     page's address holds, and a height that does not jump about. */
  class Widget extends HTMLElement {
    connectedCallback() {
      if (this.state) return;
      this.state = { ...this.constructor.start };
      this.replaceChildren();
      this.classList.add('d2l');
      this.setAttribute('role', 'group');
      this.setAttribute('aria-label', this.texts.title);
      this.build();
      this.change();
      if (this.texts.task) this.addTask();
      this.recallAddress();
      this.keepHeight();
    }

    get tag() { return this.localName.replace('d2l-', ''); }

    // The task

    addTask() {
      const { texts } = this;
      this.answer = make('span', { class: 'answer', role: 'status' });
      const link = make('button', { type: 'button', class: 'link', onclick: () => this.copyLink(link) }, texts.copyLink);
      this.prepend(make('div', { class: 'head' }, make('strong', { class: 'title' }, texts.title), link));
      this.querySelector('.lead').after(make('p', { class: 'task' }, make('b', {}, texts.tryIt), ` ${texts.task} `, this.answer));
      if (keptNames(DONE).has(this.tag)) this.praise(texts.doneBefore);
    }

    praise(words) {
      this.answer.textContent = `\u2713 ${words}`;
      this.querySelector('.task').classList.add('done');
    }

    /* Is the task done now? A widget with a task says so in `solved`. */
    judge() {
      if (!this.answer || !this.solved || this.isDone) return;
      this.isDone = true;
      this.praise(this.texts.done);
      keepName(DONE, this.tag);
    }

    // The address: ?widget=pooling&n=6&kernel=3

    /* Settings that differ from those at the start, and numbers that were typed. */
    get shared() {
      const { state, constructor: { start, grids = [] } } = this;
      const settings = Object.entries(state).filter(([key, value]) => typeof value !== 'object' && value !== undefined && value !== start[key]);
      const typed = grids.filter(key => state[key] === 'own').map(key => [`${key}Numbers`, this[key].map(row => row.join(' ')).join(',')]);
      return Object.fromEntries([...settings, ...typed]);
    }

    writeAddress() {
      clearTimeout(this.writing);
      this.writing = setTimeout(() => {
        try {
          const url = new URL(location.href);
          url.search = new URLSearchParams({ widget: this.tag, ...this.shared });
          history.replaceState(history.state, '', url);
        } catch { /* a page without an address of its own */ }
      }, 300);
    }

    recallAddress() {
      const query = new URLSearchParams(location.search), settings = {};
      if (query.get('widget') !== this.tag) return;
      for (const [key, text] of query) {
        const value = this.fitting(key, text);
        if (value !== undefined) settings[key] = value;
      }
      for (const key of this.constructor.grids ?? []) {
        if (this.recallNumbers(key, query.get(`${key}Numbers`))) settings[key] = 'own';
        else if (settings[key] === 'own') delete settings[key];
      }
      this.change(settings);
      this.scrollIntoView();
    }

    /* A setting as its control would give it, or undefined. */
    fitting(key, text) {
      const control = this.querySelector(`[name="${CSS.escape(key)}"]`), number = Number(text);
      if (!control || !Object.hasOwn(this.state, key)) return undefined;
      if (control.type === 'checkbox') return text === 'true';
      if (control.tagName === 'SELECT') return [...control.options].some(option => option.value === text) ? text : undefined;
      if (control.type !== 'range') return text.slice(0, 5000);
      if (!Number.isFinite(number) || !text.trim()) return undefined;
      control.value = number; // the field itself keeps to its limits and steps
      return control.valueAsNumber;
    }

    recallNumbers(key, text) {
      const rows = text?.split(',').map(row => row.split(' ').map(read));
      if (!rows || rows.length > 9 || rows.some(row => row.length !== rows.length || !row.every(number => Math.abs(number) < 100))) return false;
      const old = this[key];
      this[key] = range(Math.max(rows.length, old.length)).map(i => range(Math.max(rows.length, old.length)).map(j => rows[i]?.[j] ?? old[i]?.[j] ?? 0));
      return true;
    }

    async copyLink(button) {
      const { texts } = this, url = new URL(location.href);
      url.search = new URLSearchParams({ widget: this.tag, ...this.shared });
      url.hash = '';
      try {
        await navigator.clipboard.writeText(url.href);
        button.textContent = texts.copied;
      } catch { button.textContent = texts.inAddress; }
      this.writeAddress();
      setTimeout(() => { button.textContent = texts.copyLink; }, 3000);
    }

    /* While the width stays the same a widget grows, but does not shrink, so
       that what stands below it keeps its place. */
    keepHeight() {
      const free = () => { this.width = undefined; this.style.minHeight = ''; };
      this.addEventListener('toggle', free, true);
      new ResizeObserver(() => {
        const { width, height } = this.getBoundingClientRect();
        if (Math.abs(width - this.width) < 1) this.style.minHeight = `${Math.floor(height)}px`;
        else { this.width = width; this.style.minHeight = ''; requestAnimationFrame(() => { this.style.minHeight = `${Math.floor(this.getBoundingClientRect().height)}px`; }); }
      }).observe(this);
    }

    get texts() { return { ...d2l.texts.shared, ...d2l.texts[this.constructor.key] }; }

    /* Take new settings; what follows from them is drawn anew. */
    change(settings) {
      Object.assign(this.state, settings);
      for (const control of this.querySelectorAll('[name]')) {
        const value = this.state[control.name];
        if (control.type === 'checkbox') control.checked = value;
        else control.value = value;
        if (control.type === 'range') control.nextElementSibling.value = this.tellValue(control.name, value);
      }
      this.draw();
      if (settings) this.touched();
    }

    /* A reader did something: the address holds it, and it may be the answer. */
    touched() {
      this.judge();
      if (this.isConnected) this.writeAddress();
    }

    tellValue(_, value) { return value; }

    slider(name, min, max, step = 1) {
      return make('label', { class: 'slider' }, make('span', {}, this.texts[name]),
        make('input', { type: 'range', name, min, max, step, 'aria-label': this.texts[name],
          oninput: event => this.change({ [name]: event.target.valueAsNumber }) }),
        make('output', { 'aria-hidden': 'true' }));
    }

    select(name, options) {
      return make('label', { class: 'select' }, make('span', {}, this.texts[name]),
        make('select', { name, 'aria-label': this.texts[name], onchange: event => this.change({ [name]: event.target.value }) },
          ...options.map(option => make('option', { value: option }, this.texts.options[option]))));
    }

    checkbox(name) {
      return make('label', { class: 'check' }, make('input', { type: 'checkbox', name,
        onchange: event => this.change({ [name]: event.target.checked }) }),
      make('span', {}, this.texts[name]));
    }

    button(text, label, onclick) {
      return make('button', { type: 'button', 'aria-label': label, title: label, onclick }, text);
    }
  }

  /* A grid of numbers. In it one cell is in the order of the Tab key, arrow
     keys go to the others. options: caption; edit(i, j, number) makes the cells
     fields; pick(i, j) makes them choosable; point(i, j) hears the pointer. */
  class Grid {
    constructor(options) {
      this.options = options;
      this.caption = make('figcaption', {}, options.caption);
      this.frame = make('div', { class: 'frame', hidden: true });
      this.table = make('table', { role: 'grid', 'aria-label': options.caption,
        onkeydown: event => this.walk(event), onfocusin: event => this.enter(event),
        onpointerover: event => this.point(event), onclick: event => this.click(event) });
      if (options.leave) this.table.addEventListener('pointerleave', options.leave);
      this.element = make('figure', {}, this.caption,
        make('div', { class: 'sheet' }, this.table, this.frame));
    }

    /* Make size x columns cells; those outside inner = [from, to) only show. */
    resize(size, inner = [0, size], columns = size) {
      if (String([size, inner, columns]) === this.made) return;
      this.made = String([size, inner, columns]);
      this.inner = inner;
      const isInner = i => i >= inner[0] && i < inner[1];
      this.cells = range(size).map(i => range(columns).map(j => this.cell(i, j, isInner(i) && (isInner(j) || j >= size))));
      this.table.replaceChildren(make('tbody', {},
        ...this.cells.map(row => make('tr', {}, ...row))));
      if (inner[0] < inner[1] && (this.options.edit || this.options.pick)) this.rove(inner[0], inner[0]);
    }

    cell(i, j, inner) {
      const cell = make('td', { class: inner ? '' : 'rim' });
      cell.place = [i, j];
      if (inner && this.options.edit) {
        const name = fill(d2l.texts.shared.cell, { row: i - this.inner[0], column: j - this.inner[0] });
        cell.append(make('input', { 'aria-label': name, autocomplete: 'off', spellcheck: 'false',
          tabindex: -1, maxlength: 5, oninput: event => this.edit(event, i, j),
          onblur: event => { event.target.value = event.target.shown; event.target.removeAttribute('aria-invalid'); } }));
      } else if (inner && this.options.pick) cell.tabIndex = -1;
      return cell;
    }

    edit({ target }, i, j) {
      const number = read(target.value), good = Math.abs(number) < 100;
      if (good) target.removeAttribute('aria-invalid');
      else target.setAttribute('aria-invalid', 'true');
      if (!good) return;
      target.shown = target.value;
      this.options.edit(i - this.inner[0], j - this.inner[0], number);
    }

    /* Write a number (and its own form of text) with its tint into a cell. */
    write(i, j, number, largest, text = show(number)) {
      const cell = this.cells[i][j], field = cell.querySelector('input');
      cell.style.setProperty('--tint', number === undefined ? 0 : Math.min(1, Math.abs(number) / largest || 0).toFixed(3));
      cell.classList.toggle('negative', number < 0);
      if (!field) cell.textContent = text;
      else if (field !== document.activeElement) field.value = field.shown = text;
    }

    target(i, j) { const cell = this.cells[i]?.[j]; return cell?.querySelector('input') ?? cell; }

    rove(i, j) {
      this.table.querySelector('[tabindex="0"]')?.setAttribute('tabindex', -1);
      this.target(i, j)?.setAttribute('tabindex', 0);
    }

    /* Home and End go to the ends of a row, but within a field to its ends. */
    walk(event) {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const end = event.target.matches('td') && { Home: 'find', End: 'findLast' }[event.key];
      const place = event.target.closest('td')?.place;
      if (!(step || end) || !place || event.ctrlKey || event.altKey || event.metaKey) return;
      const goal = step ? this.target(place[0] + step[0], place[1] + step[1]) : this.cells[place[0]][end](cell => cell.hasAttribute('tabindex'));
      event.preventDefault();
      if (goal?.hasAttribute('tabindex')) goal.focus();
    }

    enter(event) {
      const place = event.target.closest('td')?.place;
      if (!place) return;
      this.rove(...place);
      event.target.select?.(); // WebKit then no longer scrolls to the field
      event.target.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      this.options.pick?.(...place);
    }

    point(event) {
      const cell = event.target.closest('td');
      if (event.pointerType === 'mouse' && cell) this.options.point?.(...cell.place);
    }

    click(event) {
      const cell = event.target.closest('td');
      if (cell && this.options.pick) this.options.pick(...cell.place);
    }

    /* Mark the cells for which test(i, j) holds with a class. The Tab key
       leads to the one that is chosen. */
    mark(name, test) {
      const choosable = name === 'chosen' && this.options.pick;
      this.cells.forEach((row, i) => row.forEach((cell, j) => {
        const on = Boolean(test(i, j));
        cell.classList.toggle(name, on);
        if (choosable) cell.setAttribute('aria-selected', on);
        if (choosable && on) this.rove(i, j);
      }));
    }

    /* Lay the frame over span x span cells from (i, j); without i, away with it. */
    enclose(i, j, span) {
      this.frame.hidden = i === undefined;
      if (this.frame.hidden) return;
      for (const [name, value] of Object.entries({ row: i, column: j, span })) {
        this.frame.style.setProperty(`--${name}`, value);
      }
    }
  }

  /* Buttons that walk over the outputs in reading order, and play. */
  class Player {
    constructor(widget, seconds = 0.8) {
      const { texts } = widget;
      Object.assign(this, { widget, seconds });
      this.toggle = make('button', { type: 'button', class: 'play', onclick: () => this.play(!this.timer) });
      this.element = make('div', { class: 'player' },
        widget.button('\u2190', texts.back, () => this.step(-1)), this.toggle,
        widget.button('\u2192', texts.forth, () => this.step(1)));
      this.play(false);
    }

    play(on) {
      clearInterval(this.timer);
      this.timer = on && setInterval(() => {
        if (this.widget.isConnected) this.move(1); else this.play(false);
      }, 1000 * this.seconds);
      this.toggle.textContent = on ? this.widget.texts.pause : this.widget.texts.play;
      this.widget.status?.setAttribute('aria-live', on ? 'off' : 'polite');
    }

    step(by) { this.play(false); this.move(by); }

    move(by) {
      const { size, chosen: [i, j] } = this.widget;
      if (!size) return;
      const next = (i * size + j + by + size * size) % (size * size);
      this.widget.choose(Math.floor(next / size), next % size);
    }
  }

  /* The page's photograph, as it is drawn, and its gray as numbers to 255. */
  async function photoData(width, height = width) {
    const picture = new Image();
    picture.src = d2l.photo;
    await picture.decode();
    const context = make('canvas', { width, height }).getContext('2d', { willReadFrequently: true });
    context.drawImage(picture, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  }

  async function loadPhoto(size) {
    const { data } = await photoData(size);
    return Float32Array.from({ length: size * size }, (_, at) => 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]);
  }

  /* Paint numbers from 0 to 255, which stay what they are in dark mode. */
  function paintGray(canvas, values) {
    const context = canvas.getContext('2d'), image = context.createImageData(canvas.width, canvas.height);
    values.forEach((value, at) => image.data.fill(value, 4 * at, 4 * at + 3).fill(255, 4 * at + 3, 4 * at + 4));
    context.putImageData(image, 0, 0);
  }

  Object.assign(d2l, { photoData, loadPhoto, paintGray, make, fill, show, read, keptNames, keepName, Widget, Grid, Player });
}
