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

  class Widget extends HTMLElement {
    connectedCallback() {
      if (this.state) return;
      this.state = { ...this.constructor.start };
      this.replaceChildren();
      this.setAttribute('role', 'group');
      this.setAttribute('aria-label', this.texts.title);
      this.build();
      this.change();
    }

    get texts() { return { ...d2l.texts.shared, ...d2l.texts[this.constructor.key] }; }

    /* Take new settings; what follows from them is drawn anew. */
    change(settings) {
      Object.assign(this.state, settings);
      for (const control of this.querySelectorAll('[name]')) {
        const value = this.state[control.name];
        if (control.type === 'checkbox') control.checked = value;
        else control.value = value;
        if (control.type === 'range') control.nextElementSibling.value = value;
      }
      this.draw();
    }

    slider(name, min, max) {
      return make('label', { class: 'slider' }, make('span', {}, this.texts[name]),
        make('input', { type: 'range', name, min, max, step: 1, 'aria-label': this.texts[name],
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

    /* Make size x size cells; those outside inner = [from, to) only show. */
    resize(size, inner = [0, size]) {
      if (String([size, inner]) === this.made) return;
      this.made = String([size, inner]);
      this.inner = inner;
      const isInner = i => i >= inner[0] && i < inner[1];
      this.cells = range(size).map(i => range(size).map(j => this.cell(i, j, isInner(i) && isInner(j))));
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
      target.toggleAttribute('aria-invalid', !good);
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

    walk(event) {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const place = event.target.closest('td')?.place;
      if (!step || !place || event.ctrlKey || event.altKey || event.metaKey) return;
      const goal = this.target(place[0] + step[0], place[1] + step[1]);
      event.preventDefault();
      if (goal?.hasAttribute('tabindex')) goal.focus();
    }

    enter(event) {
      const place = event.target.closest('td')?.place;
      if (!place) return;
      this.rove(...place);
      event.target.select?.();
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

    /* Mark the cells for which test(i, j) holds with a class. */
    mark(name, test) {
      this.cells.forEach((row, i) => row.forEach((cell, j) => {
        const on = Boolean(test(i, j));
        cell.classList.toggle(name, on);
        if (name === 'chosen' && this.options.pick) cell.setAttribute('aria-selected', on);
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

  Object.assign(d2l, { make, fill, show, read, Widget, Grid, Player });
}
