/* <d2l-batch-norm>: one channel before and after batch norm, as histograms. */
'use strict';
{
  const { make, fill, show, range, Chart, Widget } = d2l;
  const COUNT = 64, RANGE = [-10, 10], BINS = 50, HIGHEST = 24;

  /* Minibatch number k, with mean 0 and variance 1 but for its chance. */
  const minibatch = k => { const random = d2l.dice(k + 1); return range(COUNT).map(() => d2l.normal(random)); };

  class BatchNorm extends Widget {
    static key = 'batchNorm';
    static start = { shift: 3, spread: 2, gamma: 1, beta: 0, mode: 'training' };

    build() {
      const { texts } = this;
      this.charts = Object.fromEntries(['before', 'after'].map(name => [name, new Chart({ caption: texts[name], xLabel: texts.value, yLabel: texts.how })]));
      for (const chart of Object.values(this.charts)) chart.scale({ x: RANGE, y: [0, HIGHEST], xTicks: [-10, -5, 0, 5, 10], yTicks: [0, 10, 20] });
      this.status = make('p', { class: 'sum', role: 'status' });
      this.memory = make('p', {});
      const button = (text, f) => make('button', { type: 'button', onclick: f }, text);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('shift', -4, 4, 0.5), this.slider('spread', 0.5, 3, 0.25), this.slider('gamma', 0, 3, 0.25), this.slider('beta', -4, 4, 0.5)),
        make('div', { class: 'controls selects' }, this.select('mode', ['training', 'evaluation']),
          make('div', { class: 'buttons wide' }, button(texts.step, () => this.train(1)), button(texts.steps, () => this.train(20)), button(texts.reset, () => this.forget()))),
        make('div', { class: 'charts' }, ...Object.values(this.charts).map(chart => chart.element)), this.status, this.memory);
      this.forget(false);
    }

    forget(redraw = true) {
      Object.assign(this, { turn: 0, running: { mean: 0, variance: 1 } });
      if (redraw) this.change({});
    }

    input(turn) {
      const { shift, spread } = this.state;
      return minibatch(turn).map(z => shift + spread * z);
    }

    /* The running numbers hear of minibatch after minibatch. */
    train(count) {
      for (let k = 0; k < count; k++) {
        this.running = d2l.follow(this.running, this.input(this.turn));
        this.turn += 1;
      }
      this.change({});
    }

    draw() {
      const { texts, state, state: { mode, gamma, beta }, running } = this, x = this.input(this.turn);
      const used = mode === 'training' ? { mean: d2l.meanOf(x), variance: d2l.varianceOf(x) } : running;
      const y = d2l.batchNorm(x, state, used);
      this.gap = Math.max(...x.map((value, k) => Math.abs(value - y[k])));
      for (const [name, numbers] of [['before', x], ['after', y]]) {
        const chart = this.charts[name], mean = d2l.meanOf(numbers), std = Math.sqrt(d2l.varianceOf(numbers));
        chart.show(chart.bars(d2l.histogram(numbers, RANGE, BINS), name === 'after' ? 'pinned' : ''), chart.line([[mean, 0], [mean, HIGHEST]], 'mean'));
        chart.caption.textContent = fill(texts.numbers, { name: texts[name], mean: show(mean), std: show(std) });
      }
      this.status.textContent = fill(texts[mode], { mean: show(used.mean), std: show(Math.sqrt(used.variance)), gamma: show(gamma), beta: show(beta) });
      this.memory.textContent = fill(texts.running, { turn: this.turn, mean: show(running.mean), std: show(Math.sqrt(running.variance)) });
    }

    /* gamma and beta that undo the normalization. */
    get solved() { return this.state.mode === 'training' && this.gap < 0.3; }
  }

  customElements.define('d2l-batch-norm', BatchNorm);
}
