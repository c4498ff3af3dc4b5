/* <d2l-roofline>: is a layer limited by arithmetic or by memory? */
'use strict';
{
  const { make, fill, Chart, Widget } = d2l;
  const X = [-1, 3], Y = [-1, 4]; // powers of ten: operations a byte, billions a second
  const short = number => Number(number.toPrecision(3)).toLocaleString('en');
  const POWERS = ['batch', 'channels'];

  class Roofline extends Widget {
    static key = 'roofline';
    static start = { batch: 5, channels: 6, size: 28, kernel: 3, depthwise: false, peak: 500, bandwidth: 50 };

    build() {
      const { texts } = this;
      this.chart = new Chart({ caption: texts.chart, xLabel: texts.intensity, yLabel: texts.speed });
      this.chart.scale({ x: X, y: Y, xTicks: [[-1, '0.1'], [0, '1'], [1, '10'], [2, '100'], [3, '10³']], yTicks: [[-1, '0.1'], [0, '1'], [1, '10'], [2, '100'], [3, '10³'], [4, '10\u2074']] });
      this.status = make('div', { class: 'sum', role: 'status' });
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('batch', 0, 8), this.slider('channels', 3, 9), this.slider('size', 7, 112, 7), this.slider('kernel', 1, 7, 2),
          this.slider('peak', 100, 2000, 100), this.slider('bandwidth', 10, 200, 10)),
        make('div', { class: 'checks' }, this.checkbox('depthwise')), make('div', { class: 'charts single' }, this.chart.element), this.status);
    }

    tellValue(name, value) { return POWERS.includes(name) ? 2 ** value : value; }

    draw() {
      const { texts, chart, state, state: { peak, bandwidth } } = this;
      const layer = { ...state, batch: 2 ** state.batch, channels: 2 ** state.channels }, cost = d2l.convolutionCost(layer);
      for (const name of POWERS) this.querySelector(`[name=${name}]`).setAttribute('aria-valuetext', layer[name]);
      const roof = intensity => Math.min(peak, bandwidth * intensity), ridge = peak / bandwidth, point = intensity => [Math.log10(intensity), Math.log10(roof(intensity))];
      chart.show(chart.line([[Math.log10(cost.intensity), Y[0]], point(cost.intensity)], 'mean'), chart.line([0.1, ridge, 1000].map(point)), chart.dots([point(cost.intensity)], 'pinned'));
      this.byMemory = cost.intensity < ridge;
      const time = Math.max(cost.operations / peak, cost.bytes / bandwidth) / 1e6;
      const values = { operations: short(cost.operations / 1e6), bytes: short(cost.bytes / 1e6), intensity: short(cost.intensity), ridge: short(ridge), speed: short(roof(cost.intensity)), time: short(time), share: short(100 * roof(cost.intensity) / peak) };
      this.status.replaceChildren(make('strong', {}, fill(texts[this.byMemory ? 'memory' : 'arithmetic'], values)), make('p', {}, fill(texts.numbers, values)), make('p', {}, fill(texts.time, values)));
    }

    /* A 3×3 layer of many channels that waits for memory. */
    get solved() { return this.byMemory && this.state.kernel === 3 && this.state.channels >= 8; }
  }

  customElements.define('d2l-roofline', Roofline);
}
