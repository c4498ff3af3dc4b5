/* <d2l-live-code>: a Python program to change and run, in MicroPython. */
'use strict';
{
  const { make, fill, Widget } = d2l;
  const SOURCE = document.currentScript?.src; // MicroPython's script lies beside
  const MOST = 20_000, PAUSE = 1000; // characters that are shown; ms that end a piece to undo
  const INDENT = '    ';

  const WORDS = 'and as assert break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield False None True';
  const NAMES = 'abs all any enumerate float int len list map max min print range reversed round set sorted str sum tuple zip';
  const oneOf = words => `\\b(?:${words.replaceAll(' ', '|')})\\b`;
  const KINDS = { c1: '#.*', s1: '[fr]?(?:"""[^]*?(?:"""|$)|"(?:\\\\.|[^"\\\\\\n])*"?|\'(?:\\\\.|[^\'\\\\\\n])*\'?)',
    k: oneOf(WORDS), nb: oneOf(NAMES), nf: '(?<=\\bdef )\\w+', mi: '\\b\\d[\\d_.]*' };
  const TOKEN = new RegExp(Object.entries(KINDS).map(([kind, form]) => `(?<${kind}>${form})`).join('|'), 'g');

  /* A program's text as spans that the book's style sheet gives colors. */
  function colored(program) {
    const parts = [];
    let end = 0;
    for (const { 0: text, index, groups } of program.matchAll(TOKEN)) {
      parts.push(program.slice(end, index), make('span', { class: Object.keys(groups).find(kind => groups[kind]) }, text));
      end = index + text.length;
    }
    return [...parts, program.slice(end), '\n'];
  }

  async function unpack(text) {
    const packed = new Blob([Uint8Array.from(atob(text), letter => letter.charCodeAt(0))]);
    return new Response(packed.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  }

  /* MicroPython as the text of a classic worker, and its machine code. The
     page has it as a classic script: modules and fetch fail from file://. */
  let python;
  function getPython() {
    python ??= (async () => {
      if (!d2l.micropython) {
        await new Promise((resolve, reject) => document.head.append(make('script', {
          src: new URL('micropython/micropython.js', SOURCE).href, onload: resolve, onerror: reject })));
      }
      const text = new TextDecoder().decode(await unpack(d2l.micropython.mjs))
        .replace(/export default \w+;/, '').replace('export async function', 'async function').replaceAll('import.meta.url', 'location.href');
      const code = `(async () => { ${text}; (${work})(loadMicroPython); })()`;
      return { url: URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), wasm: await unpack(d2l.micropython.wasm) };
    })();
    python.catch(() => { python = undefined; });
    return python;
  }

  /* Runs in the worker: one program, then it is over. */
  function work(loadMicroPython) {
    let count = 0, letters = [];
    const decoder = new TextDecoder();
    const send = () => {
      if (letters.length) postMessage({ printed: decoder.decode(new Uint8Array(letters), { stream: true }) });
      letters = [];
    };
    const stdout = ([letter], most) => {
      if (count++ >= most) return;
      letters.push(letter);
      if (letter === 10 || count === most) send();
      if (count === most) postMessage({ tooMuch: true });
    };
    addEventListener('message', async ({ data: { prelude, program, wasm, most } }) => {
      self.fetch = async () => new Response(wasm, { headers: { 'Content-Type': 'application/wasm' } });
      const options = { heapsize: 2 ** 24, pystack: 2 ** 15, linebuffer: false,
        stdout: bytes => stdout(bytes, most), stderr: bytes => stdout(bytes, most) };
      const interpreter = await loadMicroPython(options).catch(() => undefined);
      if (!interpreter) return postMessage({ broken: true });
      interpreter.runPython(prelude);
      postMessage({ ready: true });
      const start = performance.now();
      let error;
      try { interpreter.runPython(program); } catch ({ type, message }) { error = type !== 'SystemExit' && message; }
      const seconds = (performance.now() - start) / 1000;
      send();
      return postMessage({ done: true, seconds, error });
    });
  }

  class LiveCode extends Widget {
    static key = 'liveCode';
    static seconds = 5;

    connectedCallback() {
      this.program ??= this.querySelector('pre').textContent.trimEnd();
      super.connectedCallback();
    }

    disconnectedCallback() { this.stop(); }

    build() {
      const { texts } = this, name = this.getAttribute('name'), hint = `live-code-${name}`;
      Object.assign(this, { storage: `live code ${name}`, past: [], future: [], lines: this.program.split('\n').length });
      this.numbers = make('div', { class: 'numbers', 'aria-hidden': 'true' });
      this.colors = make('div', { class: 'colors highlight', 'aria-hidden': 'true' });
      this.area = make('textarea', { rows: this.lines + 1, wrap: 'off', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
        'aria-label': texts.program, 'aria-describedby': hint, onscroll: () => this.follow(), onkeydown: event => this.press(event),
        onbeforeinput: event => this.note(event), oninput: () => this.keep(), onblur: () => { this.leaving = false; } });
      const button = (text, f) => make('button', { type: 'button', onclick: f }, text);
      this.toggle = make('button', { type: 'button', class: 'play', onclick: () => (this.worker || this.waiting ? this.halt() : this.run()) });
      this.back = button(texts.undo, () => this.travel(this.past, this.future));
      this.forth = button(texts.redo, () => this.travel(this.future, this.past));
      this.restore = button(texts.reset, () => this.reset());
      this.status = make('p', { role: 'status' });
      this.printed = make('div', { role: 'log' });
      this.fault = make('p', { class: 'fault', role: 'alert' });
      this.screen = make('div', { class: 'screen', tabindex: 0, role: 'region', 'aria-label': texts.output }, this.printed, this.fault);
      this.append(make('div', { class: 'editor' }, this.numbers, make('div', { class: 'sheet' }, this.colors, this.area)),
        make('p', { class: 'lead', id: hint }, texts.hint),
        make('div', { class: 'player' }, this.toggle, this.back, this.forth, this.restore), this.status, this.screen);
      this.area.value = this.recall() ?? this.program;
      this.show(this.area.value === this.program ? texts.fresh : texts.remembered, false);
    }

    /* Color the program, number its lines, say what can be done. */
    draw() {
      const { value } = this.area;
      this.colors.replaceChildren(...colored(value));
      this.numbers.replaceChildren(...value.split('\n').map((_, i) => make('span', { class: i + 1 === this.wrong ? 'wrong' : '' }, String(i + 1))));
      this.back.disabled = !this.past.length;
      this.forth.disabled = !this.future.length;
      this.restore.disabled = value === this.program;
      // At the start there is nothing to follow, and asking would lay the page out.
      if (this.past.length || this.future.length) this.follow();
    }

    follow() {
      this.numbers.scrollTop = this.area.scrollTop;
      this.colors.style.translate = `${-this.area.scrollLeft}px ${-this.area.scrollTop}px`;
    }

    // The text: remembered, undone, brought back

    recall() {
      try { return localStorage.getItem(this.storage); } catch { return null; }
    }

    keep() {
      try {
        if (this.area.value === this.program) localStorage.removeItem(this.storage);
        else localStorage.setItem(this.storage, this.area.value);
      } catch { /* private window */ }
      this.wrong = 0;
      this.draw();
    }

    /* What is run: an exercise adds its check. */
    get composed() { return this.area.value; }

    get moment() { return { text: this.area.value, from: this.area.selectionStart, to: this.area.selectionEnd }; }

    /* Before the text changes: what stood there can be brought back. Letters
       typed one after another, without a pause, come back together. */
    note(event) {
      const kind = event.inputType;
      if (kind.startsWith('history')) {
        event.preventDefault();
        return kind === 'historyUndo' ? this.travel(this.past, this.future) : this.travel(this.future, this.past);
      }
      if (kind !== this.kind || event.timeStamp - this.time > PAUSE) this.mark();
      Object.assign(this, { kind, time: event.timeStamp });
    }

    mark() {
      this.past.push(this.moment);
      this.future.length = 0;
      this.kind = undefined;
    }

    travel(from, to) {
      const moment = from.pop();
      if (!moment) return;
      to.push(this.moment);
      this.kind = undefined;
      this.area.value = moment.text;
      this.area.setSelectionRange(moment.from, moment.to);
      this.keep();
      if (document.activeElement.disabled || document.activeElement === document.body) this.area.focus();
    }

    reset() {
      this.mark();
      this.area.value = this.program;
      this.keep();
      this.status.textContent = this.texts.restored;
      this.area.focus();
      this.area.setSelectionRange(0, 0);
    }

    // Keys

    press(event) {
      const { key, shiftKey } = event, command = event.ctrlKey || event.metaKey, leaving = this.leaving;
      this.leaving = key === 'Escape' || leaving && ['Shift', 'Tab'].includes(key);
      const does = command ? { enter: () => this.run(), z: () => (shiftKey ? this.travel(this.future, this.past) : this.travel(this.past, this.future)),
        y: () => this.travel(this.future, this.past) }
        : { tab: !leaving && (() => this.indent(shiftKey)), enter: () => this.breakLine() };
      const act = !event.altKey && !event.isComposing && does[key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act();
    }

    replace(from, to, text, ...selection) {
      this.mark();
      this.area.setRangeText(text, from, to, 'end');
      if (selection.length) this.area.setSelectionRange(...selection);
      this.keep();
    }

    /* Four blanks at the cursor; with a selection, or back, before its lines. */
    indent(back) {
      const { text, from, to } = this.moment;
      if (!back && from === to) return this.replace(from, to, INDENT);
      const start = text.lastIndexOf('\n', from - 1) + 1, lines = text.slice(start, to).split('\n');
      const moved = lines.map(line => (back ? line.replace(/^ {1,4}/, '') : line && INDENT + line));
      const first = moved[0].length - lines[0].length, all = moved.join('\n');
      if (all !== text.slice(start, to)) this.replace(start, to, all, Math.max(start, from + first), start + all.length);
    }

    /* A new line starts below the last one, deeper after a colon. */
    breakLine() {
      const { text, from, to } = this.moment, line = text.slice(text.lastIndexOf('\n', from - 1) + 1, from);
      this.replace(from, to, `\n${line.match(/^ */)[0]}${/:\s*(#.*)?$/.test(line) ? INDENT : ''}`);
      this.reveal();
    }

    /* Scroll until the cursor's line can be seen, from its beginning. */
    reveal() {
      const { text, to } = this.moment, height = parseFloat(getComputedStyle(this.area).lineHeight);
      const bottom = (text.slice(0, to).split('\n').length + 1) * height, room = this.area.clientHeight;
      this.area.scrollTo(0, Math.min(Math.max(this.area.scrollTop, bottom - room + height), bottom - height));
      this.follow();
    }

    // Running

    show(message, running) {
      this.status.textContent = message;
      this.toggle.textContent = running ? this.texts.stop : this.texts.run;
    }

    async run() {
      if (this.worker || this.waiting) return;
      const { texts } = this;
      this.printed.textContent = '';
      this.fault.replaceChildren();
      this.wrong = 0;
      this.draw();
      const turn = this.waiting = {};
      this.show(d2l.micropython ? texts.running : texts.loading, true);
      try {
        const { url, wasm } = await getPython();
        if (this.waiting !== turn) return;
        this.waiting = undefined;
        this.worker = new Worker(url);
        this.worker.onmessage = ({ data }) => this.hear(data);
        const prelude = `def input(*_): raise EOFError(${JSON.stringify(texts.noInput)})`; // else it waits for ever
        this.worker.postMessage({ prelude, program: this.composed, wasm, most: MOST });
      } catch {
        if (this.waiting === turn || this.worker) this.end(texts.failed, texts.broken);
      }
    }

    hear({ broken, ready, printed, tooMuch, done, seconds, error }) {
      const { texts, constructor: { seconds: limit } } = this;
      if (broken) this.end(texts.failed, texts.broken);
      if (ready) {
        this.show(texts.running, true);
        this.timer = setTimeout(() => this.end(texts.failed, fill(texts.tooLong, { limit })), 1000 * limit);
      }
      if (printed) this.printed.append(printed);
      if (tooMuch) this.end(texts.failed, fill(texts.tooMuch, { most: MOST.toLocaleString('en') }));
      if (done && error) this.explain(error);
      else if (done) this.end(fill(texts.finished, { seconds: seconds.toFixed(3) }));
    }

    /* What Python says, with the last line that it names. */
    explain(error) {
      const { texts } = this, own = error.trim().replace(/ *File.*, in input\n/, '');
      const [, line, words] = own.match(/[^]*File "<stdin>", line (\d+).*\n([^]+)/) ?? [own, 0, own];
      const said = words.match(/^AssertionError: ([^]+)/)?.[1];
      const isOwn = line <= this.area.value.split('\n').length;  // not a line of the check behind it
      this.wrong = isOwn ? Number(line) : 0;
      this.end(texts.failed, isOwn ? fill(said ? texts.check : texts.error, { line: line || '?', words: said ?? words }) : said ?? words);
      if (this.wrong) this.fault.append(' ', make('button', { type: 'button', onclick: () => this.goTo(line) }, fill(texts.goTo, { line })));
      this.screen.scrollTop = this.screen.scrollHeight;
      this.draw();
    }

    goTo(line) {
      const lines = this.area.value.split('\n'), start = lines.slice(0, line - 1).join('\n').length + (line > 1);
      this.area.focus();
      this.area.setSelectionRange(start, start + lines[line - 1].length);
      this.reveal();
    }

    end(message, fault = '') {
      this.stop();
      this.show(message, false);
      this.fault.textContent = fault;
      this.screen.scrollTop = this.screen.scrollHeight;
    }

    halt() { this.end(this.texts.halted); }

    stop() {
      clearTimeout(this.timer);
      this.worker?.terminate();
      this.worker = this.waiting = undefined;
    }
  }

  customElements.define('d2l-live-code', LiveCode);
}
