/* <d2l-threshold>: where to draw the line between ants and bees, and what it costs. */
'use strict';
{
  const { make, fill, range, Chart, Widget } = d2l;
  const CLASSES = ['ants', 'bees'], WEIGHT = 5;
  const percents = range(99).map(k => k + 1);

  class Threshold extends Widget {
    static key = 'threshold';
    static start = { threshold: 50, cost: 1, test: false };

    build() {
      const { texts } = this;
      this.chart = new Chart({ caption: texts.chart, xLabel: texts.probability });
      this.chart.scale({ x: [0, 1], y: [0, 2], xTicks: [0, 0.25, 0.5, 0.75, 1], yTicks: CLASSES.map((name, k) => [1.5 - k, name]) });
      this.chart.element.style.setProperty('--left', '2.6rem'); // for names
      this.table = make('tbody');
      const head = make('tr', {}, make('td'), ...[texts.calledAnts, texts.calledBees].map(words => make('th', { scope: 'col' }, words)));
      this.status = make('div', { class: 'sum', role: 'status' });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('threshold', 1, 99), this.slider('cost', 1, 20), make('div', { class: 'checks' }, this.checkbox('test'))),
        make('div', { class: 'charts single' }, this.chart.element),
        make('div', { class: 'told' }, make('table', { class: 'costs', 'aria-label': texts.table }, make('thead', {}, head), this.table), this.status));
    }

    tellValue(name, value) { return name === 'threshold' ? (value / 100).toFixed(2) : value; }

    judgeAt(percent, part) {
      const [ants, bees] = d2l.antsBees[part];
      return d2l.decide(bees, ants, percent / 100, this.state.cost);
    }

    draw() {
      const { texts, chart, state: { threshold, cost, test } } = this, part = test ? 'test' : 'validation', found = this.judgeAt(threshold, part);
      this.least = Math.min(...percents.map(percent => this.judgeAt(percent, 'validation').cost));
      this.querySelector('[name=threshold]').setAttribute('aria-valuetext', threshold / 100);
      const rows = d2l.antsBees[part].map((list, k) => list.map((p, i) => [p, 1.5 - k + 0.12 * ((i * 2) % 5 - 2)])), line = threshold / 100;
      chart.show(chart.line([[line, 0], [line, 2]], 'mean'), chart.dots(rows[0]), chart.dots(rows[1], 'pinned'));
      chart.caption.textContent = fill(texts[test ? 'onTest' : part], { count: rows.flat().length });
      const row = (name, ...numbers) => make('tr', {}, make('th', { scope: 'row' }, name), ...numbers.map(number => make('td', {}, String(number))));
      this.table.replaceChildren(row(texts.ants, found.rest, found.alarms), row(texts.bees, found.missed, found.found));
      const three = number => (Number.isNaN(number) ? texts.nothing : number.toFixed(3));
      this.status.replaceChildren(make('strong', {}, fill(texts.sum, { total: found.cost, cost, missed: found.missed, alarms: found.alarms })),
        make('p', {}, fill(texts.rates, { accuracy: three(found.accuracy), recall: three(found.recall), precision: three(found.precision) })),
        make('p', {}, test ? fill(texts.warning, { half: this.judgeAt(50, part).cost }) : fill(texts.half, { half: this.judgeAt(50, part).cost })));
    }

    /* The least cost that the validation photographs allow. */
    get solved() {
      const { state: { cost, threshold, test } } = this;
      return !test && cost === WEIGHT && this.judgeAt(threshold, 'validation').cost === this.least;
    }
  }

  customElements.define('d2l-threshold', Threshold);
}
