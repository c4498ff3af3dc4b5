/* <d2l-validation-noise>: how far off an accuracy on few pictures can lie, and
   the best of several. */
'use strict';
{
  const { make, fill, Chart, Widget } = d2l;
  const LEFT = 0.5;

  class ValidationNoise extends Widget {
    static key = 'validationNoise';
    static start = { n: 49, truth: 92, trials: 3 };

    build() {
      const { texts } = this;
      this.charts = ['one', 'best'].map(name => new Chart({ caption: texts[name], xLabel: texts.accuracy, yLabel: texts.chance }));
      this.status = make('div', { class: 'sum', role: 'status' });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('n', 9, 1009, 8), this.slider('truth', 60, 99), this.slider('trials', 1, 50)),
        make('div', { class: 'charts' }, ...this.charts.map(chart => chart.element)), this.status);
    }

    tellValue(name, value) { return name === 'truth' ? (value / 100).toFixed(2) : value; }

    draw() {
      const { texts, state: { n, trials, truth } } = this, p = truth / 100, one = d2l.binomial(n, p), best = d2l.largestOf(one, trials);
      const [low, high] = [0.025, 0.975].map(part => d2l.quantile(one, part) / n), mean = d2l.meanCount(best) / n;
      this.gain = mean - p;
      const top = 1.1 * Math.max(...one, ...best), half = 0.5 / n, points = number => number.toFixed(3);
      [[one, p, texts.one], [best, mean, fill(texts.best, { trials })]].forEach(([chances, line, caption], k) => {
        const chart = this.charts[k], bars = chances.map((chance, count) => [count / n - half, count / n + half, chance]).filter(([from, , chance]) => from >= LEFT && chance > 1e-6);
        chart.scale({ x: [LEFT, 1 + half], y: [0, top], xTicks: [0.5, 0.6, 0.7, 0.8, 0.9, 1], yTicks: [0, [top / 1.1, (top / 1.1).toFixed(2)]] });
        chart.show(chart.bars(bars, k ? 'pinned' : ''), chart.line([[line, 0], [line, top]], 'mean'));
        chart.caption.textContent = caption;
      });
      this.status.replaceChildren(make('strong', {}, fill(texts.range, { low: points(low), high: points(high), n })), make('p', {}, fill(texts.worth, { points: (100 / n).toFixed(1) })),
        make('p', {}, fill(texts[trials > 1 ? 'gain' : 'noGain'], { trials, truth: points(p), mean: points(mean), gain: (100 * this.gain).toFixed(1) })), make('p', { class: 'why' }, texts.alike));
    }

    /* Twenty settings, and photographs enough for two points, but not far more. */
    get solved() { return this.state.trials >= 20 && this.state.truth === 94 && this.gain < 0.02 && this.state.n < 640; }
  }

  customElements.define('d2l-validation-noise', ValidationNoise);
}
