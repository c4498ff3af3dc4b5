/* LeNet, and what makes its input of a drawing, without a page: node runs it
   in the tests. Pictures are square Float32Arrays, 0 (background) to 1. */
'use strict';

globalThis.d2l ??= {};
{
  const SIDE = 28, FINE = 4; // FINE×FINE points of ink to a pixel
  const FLAT = 16 * 5 * 5;

  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const pixels = text => Float32Array.from(bytes(text), byte => byte / 255);

  /* Numbers of 16 bits: one is the sign, five the exponent, ten the fraction. */
  function halves(text) {
    const view = new DataView(bytes(text).buffer);
    return Float32Array.from({ length: view.byteLength / 2 }, (_, i) => {
      const bits = view.getUint16(2 * i, true), exponent = bits >> 10 & 31, fraction = (bits & 1023) / 1024;
      return (bits >> 15 ? -1 : 1) * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
    });
  }

  /* X: maps of n×n, one after another. weights: (outputs, inputs, k, k). */
  function correlate(X, n, weights, bias, k) {
    const inputs = X.length / (n * n), size = n - k + 1, Y = new Float32Array(bias.length * size * size);
    bias.forEach((start, o) => {
      const sum = Y.subarray(o * size * size, (o + 1) * size * size).fill(start);
      for (let c = 0, w = o * inputs * k * k; c < inputs; c++) {
        for (let a = 0; a < k; a++) {
          for (let b = 0; b < k; b++, w++) {
            for (let i = 0; i < size; i++) {
              const from = (c * n + i + a) * n + b;
              for (let j = 0; j < size; j++) sum[i * size + j] += weights[w] * X[from + j];
            }
          }
        }
      }
    });
    return Y;
  }

  function maxPool(X, n) {
    const half = n / 2, Y = new Float32Array(X.length / 4);
    return Y.map((_, at) => {
      const map = Math.floor(at / half ** 2), i = Math.floor(at / half) % half, j = at % half;
      const from = (map * n + 2 * i) * n + 2 * j;
      return Math.max(X[from], X[from + 1], X[from + n], X[from + n + 1]);
    });
  }

  function linear(x, weights, bias) {
    return bias.map((start, o) => x.reduce((sum, value, i) => sum + value * weights[o * x.length + i], start));
  }

  const relu = X => X.map(value => Math.max(0, value));

  function frame(X, n, margin) {
    const size = n + 2 * margin, Y = new Float32Array(size * size);
    for (let i = 0; i < n; i++) Y.set(X.subarray(i * n, (i + 1) * n), (i + margin) * size + margin);
    return Y;
  }

  /* Cut the numbers of a file of weights into a list of [weights, bias]. */
  function lenet(numbers) {
    const layers = [];
    let at = 0;
    for (const [outputs, inputs] of [[6, 25], [16, 6 * 25], [120, FLAT], [84, 120], [10, 84]]) {
      const bias = at + outputs * inputs;
      layers.push([numbers.subarray(at, bias), numbers.subarray(bias, at = bias + outputs)]);
    }
    return layers;
  }

  /* What each layer makes of a picture; then scores and probabilities. */
  function classify([c1, c3, c5, f6, last], picture) {
    const C1 = relu(correlate(frame(picture, SIDE, 2), SIDE + 4, ...c1, 5)), S2 = maxPool(C1, 28);
    const C3 = relu(correlate(S2, 14, ...c3, 5)), S4 = maxPool(C3, 10);
    const C5 = relu(linear(S4, ...c5)), F6 = relu(linear(C5, ...f6)), scores = linear(F6, ...last);
    const largest = Math.max(...scores), powers = scores.map(score => Math.exp(score - largest));
    const total = powers.reduce((sum, power) => sum + power);
    return { maps: { C1, S2, C3, S4, C5, F6 }, scores, shares: powers.map(power => power / total) };
  }

  /* Ink along a line, ends included, in fine points; a round pen. */
  function stroke(ink, [x0, y0], [x1, y1], radius) {
    const side = Math.sqrt(ink.length), r = radius * FINE + 1, length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
    const first = (a, b) => Math.max(0, Math.floor(Math.min(a, b) * FINE - r));
    const last = (a, b) => Math.min(side - 1, Math.ceil(Math.max(a, b) * FINE + r));
    for (let i = first(y0, y1); i <= last(y0, y1); i++) {
      for (let j = first(x0, x1); j <= last(x0, x1); j++) {
        const x = (j + 0.5) / FINE, y = (i + 0.5) / FINE;
        const t = length && Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length));
        const far = Math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0));
        ink[i * side + j] = Math.max(ink[i * side + j], Math.min(1, (radius - far) * FINE + 0.5));
      }
    }
  }

  /* Fill what ink encloses: all that the border does not reach without crossing it. */
  function fillClosed(ink) {
    const side = Math.sqrt(ink.length), outside = new Uint8Array(ink.length), open = [];
    const visit = (i, j) => {
      const at = i * side + j;
      if (i < 0 || j < 0 || i >= side || j >= side || outside[at] || ink[at] > 0.5) return;
      outside[at] = 1;
      open.push([i, j]);
    };
    for (let k = 0; k < side; k++) [[0, k], [side - 1, k], [k, 0], [k, side - 1]].forEach(place => visit(...place));
    while (open.length) {
      const [i, j] = open.pop();
      [[i - 1, j], [i + 1, j], [i, j - 1], [i, j + 1]].forEach(place => visit(...place));
    }
    return ink.map((value, at) => (outside[at] ? value : 1));
  }

  /* Bilinear, over all that a new pixel covers: F.interpolate's antialias=True. */
  function resize(X, [h, w], [height, width]) {
    const weights = (from, to) => Array.from({ length: to }, (_, i) => {
      const scale = from / to, reach = Math.max(1, scale), center = (i + 0.5) * scale;
      const start = Math.max(0, Math.floor(center - reach + 0.5)), stop = Math.min(from, Math.floor(center + reach + 0.5));
      const row = Array.from({ length: stop - start }, (_, k) => Math.max(0, 1 - Math.abs(start + k + 0.5 - center) / reach));
      const sum = row.reduce((a, b) => a + b);
      return { start, row: row.map(weight => weight / sum) };
    });
    const across = weights(w, width), Y = new Float32Array(height * width);
    weights(h, height).forEach(({ start, row }, i) => across.forEach((column, j) => row.forEach((weight, a) => {
      column.row.forEach((other, b) => { Y[i * width + j] += weight * other * X[(start + a) * w + column.start + b]; });
    })));
    return Y;
  }

  /* Make of ink what the training data were made of. MNIST: the digit, with
     nothing around it, was scaled to fit into 20×20, then moved until its
     center of mass lay in the middle of 28×28. Fashion-MNIST: the garment was
     scaled until its longer side was 28, then put into the middle. */
  function normalize(ink, { box, byMass }) {
    const side = Math.sqrt(ink.length), rows = [], columns = [], Y = new Float32Array(SIDE * SIDE);
    ink.forEach((value, at) => { if (value > 0.1) rows.push(Math.floor(at / side)), columns.push(at % side); });
    if (!rows.length) return Y;
    const ends = list => list.reduce(([a, b], k) => [Math.min(a, k), Math.max(b, k + 1)], [side, 0]);
    const [top, bottom] = ends(rows), [left, right] = ends(columns), h = bottom - top, w = right - left;
    const scale = box / Math.max(h, w), [height, width] = [h, w].map(size => Math.max(1, Math.round(size * scale)));
    const cut = new Float32Array(h * w).map((_, at) => ink[(top + Math.floor(at / w)) * side + left + at % w]);
    const small = resize(cut, [h, w], [height, width]), total = small.reduce((a, b) => a + b);
    const middle = (size, place) => (byMass ? small.reduce((sum, value, at) => sum + value * (place(at) + 0.5), 0) / total : size / 2);
    const down = Math.round(SIDE / 2 - middle(height, at => Math.floor(at / width)));
    const along = Math.round(SIDE / 2 - middle(width, at => at % width));
    small.forEach((value, at) => {
      const i = down + Math.floor(at / width), j = along + at % width;
      if (i >= 0 && j >= 0 && i < SIDE && j < SIDE) Y[i * SIDE + j] = value;
    });
    return Y;
  }

  /* Ink of gray values 0 to 255: what differs from the picture's border. */
  function inkOf(gray, width) {
    const height = gray.length / width;
    const rim = gray.filter((_, at) => at < width || at >= gray.length - width || at % width === 0 || at % width === width - 1);
    const paper = rim.sort()[rim.length >> 1], sign = paper > 127 ? -1 : 1;
    const differs = Float32Array.from(gray, value => Math.max(0, sign * (value - paper)));
    const largest = differs.reduce((a, b) => Math.max(a, b)), side = Math.max(width, height), ink = new Float32Array(side * side);
    if (largest < 12) return ink;
    const down = side - height >> 1, along = side - width >> 1;
    differs.forEach((value, at) => {
      const share = value / largest;
      if (share > 0.15) ink[(down + Math.floor(at / width)) * side + along + at % width] = share;
    });
    return ink;
  }

  Object.assign(d2l, { SIDE, FINE, bytes, pixels, halves, lenet, classify, stroke, fillClosed, resize, normalize, inkOf });
}
