/* Charts of the widgets: curves in a picture that is stretched to its place,
   their axes as text, which keeps its size. */
'use strict';
{
  const { make } = d2l;

  class Chart {
    constructor({ caption, xLabel, yLabel = '' }) {
      this.svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      for (const [name, value] of Object.entries({ viewBox: '0 0 100 100', preserveAspectRatio: 'none' })) this.svg.setAttribute(name, value);
      this.ticks = make('div');
      this.caption = make('figcaption', {}, caption);
      this.element = make('figure', { class: 'chart' }, this.caption,
        make('div', { 'aria-hidden': 'true' }, make('div', { class: 'axis up' }, yLabel), make('div', { class: 'plot' }, this.svg, this.ticks), make('div', { class: 'axis' }, xLabel)));
    }

    /* Which numbers lie at the edges; ticks are numbers or [number, text]. */
    scale({ x, y, xTicks = x, yTicks = y }) {
      Object.assign(this, { x, y });
      const tick = (kind, side, value, text) => make('span', { class: `tick ${kind}`, style: `${side}: ${value}%` }, String(text));
      const pair = one => (Array.isArray(one) ? one : [one, String(one).replace('-', '\u2212')]);
      this.ticks.replaceChildren(...xTicks.map(pair).map(([at, text]) => tick('x', 'left', this.at(at, 0)[0], text)),
        ...yTicks.map(pair).map(([at, text]) => tick('y', 'top', this.at(0, at)[1], text)));
    }

    at(x, y) {
      const share = (value, [from, to]) => 100 * (value - from) / (to - from);
      return [share(x, this.x), 100 - share(y, this.y)].map(value => Number(Math.max(-1e4, Math.min(1e4, value)).toFixed(2)));
    }

    line(points, kind = '') {
      return points.length ? `<path class="${kind}" d="M${points.map(point => this.at(...point).join(' ')).join('L')}"/>` : '';
    }

    dots(points, kind = '') { return `<path class="dot ${kind}" d="${points.map(point => `M${this.at(...point).join(' ')}h0`).join('')}"/>`; }

    /* Bars as [from, to, height] from the bottom up. */
    bars(list, kind = '') {
      const parts = list.map(([from, to, height]) => {
        const [left, top] = this.at(from, height), [right, bottom] = this.at(to, this.y[0]);
        return `M${left} ${bottom}V${top}H${right}V${bottom}Z`;
      });
      return `<path class="bars ${kind}" d="${parts.join('')}"/>`;
    }

    show(...parts) { this.svg.innerHTML = parts.join(''); }
  }

  /* How many numbers lie in each of `count` equal parts of [from, to]. */
  function histogram(numbers, [from, to], count) {
    const heights = Array.from({ length: count }, () => 0), width = (to - from) / count;
    for (const number of numbers) {
      const k = Math.floor((number - from) / width);
      if (k >= 0 && k < count) heights[k] += 1;
    }
    return heights.map((height, k) => [from + k * width, from + (k + 1) * width, height]);
  }

  Object.assign(d2l, { Chart, histogram });
}
