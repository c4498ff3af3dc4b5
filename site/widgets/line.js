/* <d2l-line>: a line, a loss, a step downhill. */
'use strict';
{
  const { make, fill, Chart, Widget } = d2l;
  const POINTS = [[-2, -2.6], [-1.5, -2.3], [-1, -0.7], [-0.4, -0.6], [0, 0.6], [0.6, 1.3], [1.1, 1.9], [1.7, 3.4], [2, 3.3]];
  const START = { w: -1, b: 2 }, MOST = 20, GOAL = 0.1, STEPS = 5;
  const two = number => (Math.abs(number) >= 1000 ? number.toExponential(1) : number.toFixed(2)).replace('-', '\u2212');

  class Line extends Widget {
    static key = 'line';
    static start = { ...START, lr: 0.02 };

    build() {
      const { texts } = this;
      this.past = [];
      this.charts = { line: new Chart({ caption: texts.line, xLabel: 'x', yLabel: 'y' }), loss: new Chart({ caption: texts.losses, xLabel: texts.steps, yLabel: texts.loss }) };
      this.charts.line.scale({ x: [-2.5, 2.5], y: [-5, 5], xTicks: [-2, -1, 0, 1, 2], yTicks: [-5, 0, 5] });
      this.charts.loss.scale({ x: [0, MOST], y: [0, 20], xTicks: [0, 5, 10, 15, 20], yTicks: [0, 5, 10, 15, 20] });
      this.status = make('div', { class: 'sum', role: 'status' });
      const button = (text, f, name = '') => make('button', { type: 'button', class: name, onclick: f }, text);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('w', -3, 3, 0.1), this.slider('b', -3, 3, 0.1), this.slider('lr', 0.02, 0.6, 0.02)),
        make('div', { class: 'player' }, button(texts.step, () => this.step(), 'play'), button(texts.back, () => this.restart())),
        make('div', { class: 'charts' }, ...Object.values(this.charts).map(chart => chart.element)), this.status);
    }

    /* Who moves the line by hand begins a new walk there. */
    change(settings) {
      if (settings && ('w' in settings || 'b' in settings)) this.past = [];
      super.change(settings);
    }

    step() {
      const { w, b, lr } = this.state, { dw, db } = d2l.lineLoss(POINTS, w, b);
      if (this.past.length >= MOST || Math.abs(w) > 1e6) return;
      this.past.push({ w, b });
      Object.assign(this.state, { w: w - lr * dw, b: b - lr * db });
      this.change({});
    }

    restart() { this.change({ ...START }); }

    tellValue(name, value) { return name in START ? two(value) : value; }

    draw() {
      const { texts, charts: { line, loss }, state: { w, b, lr } } = this, now = d2l.lineLoss(POINTS, w, b);
      const at = (slope, start) => [-2.5, 2.5].map(x => [x, slope * x + start]);
      const before = this.past.at(-1);
      line.show(...POINTS.map(([x, y]) => line.line([[x, y], [x, w * x + b]], 'error')), before ? line.line(at(before.w, before.b), 'pinned dashed') : '',
        line.line(at(w, b)), line.dots(POINTS, 'data'));
      const losses = [...this.past, { w, b }].map((one, k) => [k, d2l.lineLoss(POINTS, one.w, one.b).loss]);
      loss.show(loss.line([[0, GOAL], [MOST, GOAL]], 'chance'), loss.line(losses), loss.dots(losses));
      this.loss = now.loss;
      const worse = losses.length > 1 && losses.at(-1)[1] > losses.at(-2)[1];
      const values = { w: two(w), b: two(b), loss: two(now.loss), dw: two(now.dw), db: two(now.db), lr, count: this.past.length };
      this.status.replaceChildren(make('strong', {}, fill(texts.now, values)), make('p', {}, fill(texts.slopes, values)), make('p', { class: 'why' }, worse ? texts.worse : now.loss < GOAL ? texts.bottom : texts.next));
    }

    /* From the start down to the bottom in a few steps. */
    get solved() {
      const [first] = this.past;
      return Boolean(first) && first.w === START.w && first.b === START.b && this.past.length <= STEPS && this.loss < GOAL;
    }
  }

  customElements.define('d2l-line', Line);
}
