/* <d2l-compare>: which of the record's networks fits a budget, and is it shown
   to be the best of these? */
'use strict';
{
  const { make, fill, Chart, Widget } = d2l;
  const { nets, unsure } = d2l.record, COSTS = Object.keys(nets[0].costs), STEPS = 100;
  const GREEDY = 'MobileNetV2';
  const short = value => (value < 1e3 ? String(Number(value.toPrecision(3))) : value < 1e6 ? `${Number((value / 1e3).toPrecision(3))}\u00a0k` : `${Number((value / 1e6).toPrecision(3))}\u00a0M`);
  const best = list => list.reduce((a, b) => (b.mean > a.mean ? b : a));
  const alike = (a, b) => unsure.some(pair => pair.includes(a.name) && pair.includes(b.name));

  class Compare extends Widget {
    static key = 'compare';
    static start = { cost: COSTS[0], budget: STEPS };

    build() {
      const { texts } = this, all = nets.flatMap(net => net.accuracies);
      this.y = [Math.floor(10 * Math.min(...all)) / 10, Math.ceil(10 * Math.max(...all)) / 10];
      this.chart = new Chart({ caption: texts.chart, xLabel: '', yLabel: texts.accuracy });
      this.rows = make('ol', { class: 'stack' });
      this.status = make('div', { class: 'sum', role: 'status' });
      const key = (name, label) => make('span', { class: 'key' }, make('span', { class: `swatch ${name}` }), label);
      this.append(make('p', { class: 'lead' }, fill(texts.lead, { runs: Math.min(...nets.map(net => net.accuracies.length)) })),
        make('div', { class: 'controls selects' }, this.select('cost', COSTS), this.slider('budget', 0, STEPS)),
        make('div', { class: 'charts single' }, this.chart.element),
        make('p', { class: 'keys', 'aria-hidden': 'true' }, key('made', texts.first), key('new', texts.behind), key('faint', texts.outside)), this.status, this.rows);
    }

    /* The networks whose cost is known: not all were timed. */
    get counted() { return nets.filter(net => net.costs[this.state.cost] !== null); }

    /* The slider goes over powers of ten, from under the cheapest to the dearest. */
    get range() {
      const costs = this.counted.map(net => net.costs[this.state.cost]);
      return [Math.log10(0.8 * Math.min(...costs)), Math.log10(1.25 * Math.max(...costs))];
    }

    get limit() { const [from, to] = this.range; return 10 ** (from + this.state.budget / STEPS * (to - from)); }

    tellValue() { return short(this.limit); }

    draw() {
      const { texts, limit, state: { cost } } = this, [inside, outside] = [true, false].map(fits => this.counted.filter(net => (net.costs[cost] <= limit) === fits));
      this.outside = outside;
      this.querySelector('[name=budget]').setAttribute('aria-valuetext', short(limit));
      const winner = inside.length ? best(inside) : undefined, level = inside.filter(net => net === winner || alike(net, winner)), behind = inside.filter(net => !level.includes(net));
      this.drawChart(level, behind, outside);
      this.tell(winner, level, outside);
      const order = [...inside].sort((a, b) => b.mean - a.mean);
      this.rows.replaceChildren(...order.map(net => make('li', {},
        make('span', { class: 'bar', 'aria-hidden': 'true' }, make('span', { class: `part-of ${level.includes(net) ? 'made' : 'new'}`, style: `width: ${100 * net.mean}%` })),
        make('span', {}, fill(texts.row, { name: net.name, mean: net.mean.toFixed(3), spread: net.spread.toFixed(3), cost: short(net.costs[cost]) })))));
    }

    drawChart(level, behind, outside) {
      const { chart, y, range: x, limit, state: { cost } } = this, at = Math.log10(limit);
      const points = list => list.flatMap(net => net.accuracies.map(accuracy => [Math.log10(net.costs[cost]), accuracy]));
      const within = list => list.filter(tick => tick >= x[0] && tick <= x[1]), powers = within(d2l.range(11));
      const ticks = powers.length > 1 ? powers : within(d2l.range(11).flatMap(power => [1, 2, 5].map(first => power + Math.log10(first))));
      chart.scale({ x, y, xTicks: ticks.map(tick => [tick, short(10 ** tick)]), yTicks: d2l.range(11).map(k => k / 10).filter(tick => tick >= y[0] && tick <= y[1]) });
      chart.element.querySelector('.axis:not(.up)').textContent = this.texts.options[cost];
      chart.show(chart.line([[at, y[0]], [at, y[1]]], 'mean'), chart.dots(points(outside), 'faint'), chart.dots(points(behind), 'pinned'), chart.dots(points(level)));
    }

    tell(winner, level, outside) {
      const { texts } = this, list = nets => nets.map(net => net.name).join(texts.and), others = level.filter(net => net !== winner);
      const unknown = nets.filter(net => !this.counted.includes(net));
      this.status.replaceChildren(make('strong', {}, winner ? fill(texts.best, { name: winner.name, mean: winner.mean.toFixed(3) }) : texts.none),
        make('p', {}, others.length ? fill(texts.alike, { names: list(others) }) : winner ? texts.alone : texts.more),
        make('p', {}, outside.length ? fill(texts.out, { names: list(outside) }) : unknown.length ? '' : texts.all, unknown.length ? ` ${fill(texts.unknown, { names: list(unknown) })}` : ''));
    }

    /* The network with the least work of the larger ones is alone too dear. */
    get solved() { return this.outside.length === 1 && this.outside[0].name === GREEDY; }
  }

  customElements.define('d2l-compare', Compare);
}
