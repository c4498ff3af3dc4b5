/* <d2l-calculator>: what comes out of each layer, and what it costs. */
'use strict';
{
  const { make, fill, Widget, calculate, PRESETS } = d2l;
  const number = value => value.toLocaleString('en');
  const NEXT = {
    Conv2d: shape => `Conv2d(${shape[1]}, ${2 * shape[1]}, 3, padding=1)`,
    BatchNorm2d: shape => `BatchNorm2d(${shape[1]})`,
    ReLU: () => 'ReLU()',
    MaxPool2d: () => 'MaxPool2d(2)',
    AdaptiveAvgPool2d: () => 'AdaptiveAvgPool2d(1)',
    Flatten: () => 'Flatten()',
    Linear: shape => `Linear(${shape.at(-1)}, 10)`,
    Residual: shape => `Residual(${shape[1]}, ${shape[1]})`,
  };

  class Calculator extends Widget {
    static key = 'calculator';
    static start = { preset: 'LeNet' };

    build() {
      const { texts } = this;
      const options = names => names.map(name => make('option', { value: name }, name));
      this.preset = make('select', { onchange: () => this.load(this.preset.value) },
        ...options(Object.keys(PRESETS)), make('option', { value: 'own' }, texts.options.own));
      this.shape = make('input', { class: 'text', spellcheck: 'false', autocomplete: 'off', oninput: () => { this.draw(); this.touched(); } });
      this.next = make('select', {}, ...options(Object.keys(NEXT)));
      this.text = make('textarea', { rows: 12, wrap: 'off', spellcheck: 'false', autocomplete: 'off', 'aria-label': texts.layers,
        oninput: () => { this.preset.value = 'own'; this.draw(); this.touched(); } });
      this.fault = make('p', { class: 'fault', role: 'alert' });
      this.sum = make('p', { role: 'status', class: 'total' });
      this.body = make('tbody', { role: 'rowgroup' });
      const names = ['line', 'layer', 'output', 'parameters', 'multiplyAdds', 'memory'];
      const field = (name, control) => {
        control.setAttribute('aria-label', texts[name]);
        return make('label', { class: 'select' }, make('span', {}, texts[name]), control);
      };
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls selects' }, field('preset', this.preset), field('shape', this.shape), field('insert', this.next),
          make('div', { class: 'buttons' }, make('button', { type: 'button', onclick: () => this.add() }, texts.append))),
        this.text,
        make('div', { class: 'verdict' }, this.fault, this.sum),
        make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': texts.table }, make('table', { class: 'costs layered', role: 'table' },
          make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, ...names.map(name => make('th', { scope: 'col', role: 'columnheader' }, texts[name])))), this.body)));
      this.load('LeNet');
    }

    get shared() { return { shape: this.shape.value, layers: this.text.value }; }

    recallAddress() {
      const query = new URLSearchParams(location.search);
      if (query.get('widget') !== this.tag || !query.get('layers')) return;
      this.shape.value = (query.get('shape') ?? '').slice(0, 100);
      this.text.value = query.get('layers').slice(0, 20_000);
      this.preset.value = 'own';
      this.draw();
      this.touched();
      this.scrollIntoView();
    }

    /* A digit classifier with less than a quarter of LeNet's parameters. */
    get solved() {
      const { fault, shape, lines } = this.result;
      return !fault && this.shape.value.replace(/\s/g, '') === '1,1,28,28' && String(shape) === '1,10'
        && lines.reduce((sum, line) => sum + line.parameters, 0) < 15_000 && lines.some(line => /Conv2d/.test(line.text));
    }

    load(name) {
      if (!(name in PRESETS)) return;
      const [shape, text] = PRESETS[name];
      this.shape.value = shape.join(', ');
      this.text.value = text;
      this.draw();
    }

    add() {
      const { shape } = this.result;
      this.text.value = `${this.text.value.trimEnd()}\n${NEXT[this.next.value](shape)}`.trimStart();
      this.preset.value = 'own';
      this.text.scrollTop = this.text.scrollHeight;
      this.draw();
      this.touched();
    }

    draw() {
      const shape = this.shape.value.replace(/[()[\]]/g, '').split(/[\s,]+/).filter(Boolean).map(Number);
      const { texts } = this, result = this.result = calculate(this.text.value, shape);
      const sum = key => number(result.lines.reduce((total, line) => total + line[key], 0));
      const cell = (attributes, content) => make('td', { role: 'cell', ...attributes }, content);
      const show = list => `(${list.join(', ')})`;
      const largest = Object.fromEntries(['parameters', 'multiplyAdds', 'memory'].map(key => [key, Math.max(...result.lines.map(line => line[key]))]));
      this.body.replaceChildren(...result.lines.map(line => make('tr', { role: 'row' }, cell({}, String(line.line)),
        cell({}, make('code', {}, line.text)), cell({}, show(line.shape)),
        ...['parameters', 'multiplyAdds', 'memory'].map(key => cell(
          { class: 'share', style: `--share: ${(100 * line[key] / largest[key] || 0).toFixed(1)}%` }, number(line[key]))))));
      const { fault } = result, values = fault && Object.fromEntries(Object.entries(fault.values)
        .map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : value]));
      const reason = fault && fill(texts.faults[fault.reason], values);
      this.fault.textContent = !fault ? '' : fault.line
        ? fill(texts.at, { line: fault.line, layer: fault.layer, reason }) : reason;
      this.sum.textContent = fault ? '' : fill(texts.sum, { parameters: sum('parameters'),
        multiplyAdds: sum('multiplyAdds'), memory: sum('memory'), shape: show(result.shape) });
    }
  }

  customElements.define('d2l-calculator', Calculator);
}
