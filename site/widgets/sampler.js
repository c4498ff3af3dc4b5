/* <d2l-sampler>: what a weighted sampler gives, and what it costs. */
'use strict';
{
  const { make, fill, Chart, Widget } = d2l;
  const COUNT = 100;

  class Sampler extends Widget {
    static key = 'sampler';
    static start = { rare: 10, times: 1, draws: 100, epoch: 1 };

    build() {
      const { texts } = this;
      this.chart = new Chart({ caption: texts.chart, xLabel: texts.picture, yLabel: texts.drawn });
      this.status = make('div', { class: 'sum', role: 'status' });
      const key = (name, label) => make('span', { class: 'key' }, make('span', { class: `swatch ${name}` }), label);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('rare', 1, 50), this.slider('times', 1, 30), this.slider('draws', 50, 600, 10), this.slider('epoch', 1, 50)),
        make('div', { class: 'charts single' }, this.chart.element),
        make('p', { class: 'keys', 'aria-hidden': 'true' }, key('made', texts.common), key('new', texts.scarce)), this.status);
    }

    draw() {
      const { texts, chart, state, state: { rare, draws, epoch, times } } = this, found = this.found = d2l.sampling(state), random = d2l.dice(epoch);
      random();
      const counts = d2l.epochCounts(state, random), top = Math.max(4, ...counts), bars = counts.map((count, k) => [k + 0.1, k + 0.9, count]);
      chart.scale({ x: [0, COUNT], y: [0, 1.05 * top], xTicks: [0, 50, 100], yTicks: [0, Math.round(top / 2), top] });
      chart.show(chart.bars(bars.slice(0, COUNT - rare)), chart.bars(bars.slice(COUNT - rare), 'pinned'));
      const percent = part => `${(100 * part).toFixed(0)}\u00a0%`, missing = counts.filter((count, k) => !count && k < COUNT - rare).length;
      this.status.replaceChildren(make('strong', {}, fill(texts.share, { share: percent(found.share) })),
        make('p', {}, fill(texts.price, { each: found.each.toFixed(1), missed: percent(found.missedCommon), draws })),
        make('p', {}, fill(texts.now, { epoch, missing, common: COUNT - rare })), make('p', { class: 'why' }, fill(texts.weights, { times })));
    }

    /* Both classes equally often, and most of the common pictures seen. */
    get solved() { return this.state.rare === 10 && this.state.times === 9 && this.found.missedCommon <= 0.2; }
  }

  customElements.define('d2l-sampler', Sampler);
}
