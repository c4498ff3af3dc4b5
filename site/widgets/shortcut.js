/* <d2l-shortcut>: how large the gradient is in each layer, with and without shortcuts. */
'use strict';
{
  const { make, fill, range, Chart, Widget } = d2l;
  const LOWEST = -6, HIGHEST = 4;

  class Shortcut extends Widget {
    static key = 'shortcut';
    static start = { depth: 20, gain: 0.8, on: false };

    build() {
      const { texts } = this;
      this.chart = new Chart({ caption: texts.chart, xLabel: texts.layer, yLabel: texts.size });
      this.status = make('p', { class: 'sum', role: 'status' });
      const key = (name, label) => make('span', { class: 'key' }, make('span', { class: `stroke ${name}` }), label);
      this.append(make('p', { class: 'lead' }, texts.lead),
        make('div', { class: 'controls' }, this.slider('depth', 2, 40), this.slider('gain', 0.5, 2, 0.05), make('div', { class: 'checks' }, this.checkbox('on'))),
        make('div', { class: 'charts single' }, this.chart.element),
        make('p', { class: 'keys', 'aria-hidden': 'true' }, key('now', texts.shown), key('pinned', texts.other)), this.status);
    }

    draw() {
      const { texts, chart, state: { depth, gain, on } } = this;
      const ratios = shortcut => { const sizes = d2l.gradientSizes(depth, gain, shortcut); return sizes.slice(0, -1).map(size => size / sizes.at(-1)); };
      const here = ratios(on), other = ratios(!on), step = depth > 20 ? 10 : depth > 8 ? 5 : 1;
      const points = list => list.map((ratio, l) => [l + 1, Math.log10(Math.max(ratio, 1e-30))]);
      chart.scale({ x: [1, depth], y: [LOWEST, HIGHEST], xTicks: range(depth).map(l => l + 1).filter(l => l === 1 || l % step === 0),
        yTicks: [[-6, '10⁻⁶'], [-4, '10⁻⁴'], [-2, '0.01'], [0, '1'], [2, '100'], [4, '10⁴']] });
      chart.show(chart.line([[1, 0], [depth, 0]], 'chance'), chart.line(points(other), 'pinned'), chart.line(points(here)), depth > 2 ? chart.dots(points(here)) : '');
      this.first = here[0];
      const tell = ratio => (ratio < 1e-4 ? texts.tiny : String(Number(ratio.toPrecision(2))));
      const verdict = this.first < 0.01 ? 'vanishes' : this.first > 100 ? 'explodes' : 'arrives';
      this.status.textContent = fill(texts[verdict], { ratio: tell(this.first), depth, with: texts[on ? 'with' : 'without'] }) + ` ${fill(texts.than, { ratio: tell(other[0]), with: texts[on ? 'without' : 'with'] })}`;
    }

    /* Deep, without shortcuts, and all the same neither vanished nor exploded. */
    get solved() { return !this.state.on && this.state.depth >= 30 && this.first > 0.2 && this.first < 5; }
  }

  customElements.define('d2l-shortcut', Shortcut);
}
