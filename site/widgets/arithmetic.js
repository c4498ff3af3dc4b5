/* The arithmetic of the widgets, without a page: node runs it in the tests.
   Images are lists of rows, everything is square, indices start at 0. */
'use strict';

globalThis.d2l ??= {};
{
  const range = n => Array.from({ length: Math.max(0, n) }, (_, i) => i);
  const matrix = (n, m, f) => range(n).map(i => range(m).map(j => f(i, j)));

  /* From where padding takes the value at i, which may lie outside 0..n-1;
     -1 stands for a zero. */
  function source(i, n, mode) {
    if (i >= 0 && i < n) return i;
    if (mode === 'reflect') return i < 0 ? -i : 2 * (n - 1) - i;
    if (mode === 'replicate') return i < 0 ? 0 : n - 1;
    if (mode === 'circular') return (i + n) % n;
    return -1;
  }

  function pad(X, padding, mode) {
    const n = X.length, size = n + 2 * padding;
    return matrix(size, size, (i, j) => {
      const a = source(i - padding, n, mode), b = source(j - padding, n, mode);
      return a < 0 || b < 0 ? 0 : X[a][b];
    });
  }

  /* Why PyTorch refuses a convolution: the name of a text, or nothing. */
  function convolutionFault({ n, kernel, padding, dilation, mode }) {
    if (mode === 'reflect' && padding >= n) return 'reflect';
    if (mode === 'circular' && padding > n) return 'circular';
    if (dilation * (kernel - 1) + 1 > n + 2 * padding) return 'tooLarge';
  }

  function convolutionSize({ n, kernel, stride, padding, dilation }) {
    return Math.floor((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  }

  /* What one output is made of: places in the padded image, and products. */
  function terms(P, K, { stride, dilation }, i, j) {
    return K.flatMap((weights, a) => weights.map((weight, b) => {
      const row = i * stride + a * dilation, column = j * stride + b * dilation;
      return { row, column, value: P[row][column], weight };
    }));
  }

  function convolve(X, K, settings) {
    const P = pad(X, settings.padding, settings.mode);
    const size = convolutionSize({ ...settings, n: X.length, kernel: K.length });
    return matrix(size, size, (i, j) => terms(P, K, settings, i, j)
      .reduce((sum, { value, weight }) => sum + value * weight, 0));
  }

  /* The same on a square of n×n pixels in one list, zeros around it, without
     an object a product: for photographs. */
  function convolveFast(pixels, n, K, { stride, padding, dilation }) {
    const k = K.length, size = convolutionSize({ n, kernel: k, stride, padding, dilation });
    const values = new Float32Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum = 0;
        for (let a = 0; a < k; a++) {
          const row = i * stride + a * dilation - padding;
          if (row < 0 || row >= n) continue;
          for (let b = 0; b < k; b++) {
            const column = j * stride + b * dilation - padding;
            if (column >= 0 && column < n) sum += K[a][b] * pixels[row * n + column];
          }
        }
        values[i * size + j] = sum;
      }
    }
    return { size, values };
  }

  /* How many outputs read each row (or column) of the padded image. */
  function reads(settings) {
    const counts = range(settings.n + 2 * settings.padding).map(() => 0);
    for (const i of range(convolutionSize(settings))) {
      for (const a of range(settings.kernel)) {
        counts[i * settings.stride + a * settings.dilation] += 1;
      }
    }
    return counts;
  }

  function poolFault({ n, kernel, stride, padding, ceil }) {
    if (padding > Math.floor(kernel / 2)) return 'padding';
    if (poolSize({ n, kernel, stride, padding, ceil }) < 1) return 'tooLarge';
  }

  /* Rounded up, the last window must start before the padding behind. */
  function poolSize({ n, kernel, stride, padding, ceil }) {
    const room = n + 2 * padding - kernel;
    const size = Math.floor(room / stride) + 1;
    return size + (ceil && room % stride !== 0 && size * stride < n + padding);
  }

  /* One window: its pixels (places in the padded image), the winner among
     them, and what an average divides by. Beyond the padding is nothing. */
  function poolWindow(X, { kernel, stride, padding, counted }, i, j) {
    const n = X.length, end = n + 2 * padding, pixels = [];
    let places = 0;
    for (let row = i * stride; row < Math.min(i * stride + kernel, end); row++) {
      for (let column = j * stride; column < Math.min(j * stride + kernel, end); column++) {
        const value = X[row - padding]?.[column - padding];
        if (value !== undefined) pixels.push({ row, column, value });
        places += 1;
      }
    }
    const winner = pixels.reduce((best, pixel) => pixel.value > best.value ? pixel : best);
    const sum = pixels.reduce((total, pixel) => total + pixel.value, 0);
    return { pixels, places, winner, sum, divisor: counted ? places : pixels.length };
  }

  function pool(X, settings) {
    const size = poolSize({ ...settings, n: X.length });
    return matrix(size, size, (i, j) => {
      const { winner, sum, divisor } = poolWindow(X, settings, i, j);
      return settings.kind === 'max' ? winner.value : sum / divisor;
    });
  }

  /* Along one axis, for the input and after each layer: units, the distance
     of neighbors in pixels (jump), the field, and where unit 0's field starts. */
  function fields(n, layers) {
    const rows = [{ size: n, jump: 1, field: 1, start: 0 }];
    for (const { kernel, stride, padding, dilation } of layers) {
      const { size, jump, field, start } = rows.at(-1), span = dilation * (kernel - 1);
      rows.push({
        size: Math.max(0, convolutionSize({ n: size, kernel, stride, padding, dilation })),
        jump: jump * stride, field: field + span * jump, start: start - padding * jump,
      });
    }
    return rows;
  }

  /* The ways from one unit of a layer down to the units below it: a list of
     Maps, the last for the input, from place to number of ways. */
  function ways(n, layers, layer, unit) {
    const sizes = fields(n, layers).map(row => row.size);
    const maps = [new Map([[unit, 1]])];
    for (let l = layer - 1; l >= 0; l--) {
      const { kernel, stride, padding, dilation } = layers[l], below = new Map();
      for (const [place, count] of maps.at(-1)) {
        for (const a of range(kernel)) {
          const at = place * stride - padding + a * dilation;
          if (at >= 0 && at < sizes[l]) below.set(at, (below.get(at) ?? 0) + count);
        }
      }
      maps.push(below);
    }
    return maps;
  }

  /* A transposed convolution adds, for each input, a copy of the kernel to the
     canvas; padding then crops the canvas, output padding has lengthened it. */
  function transposedFault(settings) {
    if (settings.outputPadding >= Math.max(settings.stride, settings.dilation)) return 'outputPaddingFault';
    if (transposedSize(settings) < 1) return 'cropped';
  }

  function canvasSize({ n, kernel, stride, outputPadding, dilation }) {
    return (n - 1) * stride + dilation * (kernel - 1) + outputPadding + 1;
  }

  const transposedSize = settings => canvasSize(settings) - 2 * settings.padding;

  /* What input (a, b) adds: places on the canvas, and products. */
  function stamp(X, K, { stride, dilation }, a, b) {
    return K.flatMap((weights, u) => weights.map((weight, v) => ({
      row: a * stride + u * dilation, column: b * stride + v * dilation, u, v, value: X[a][b], weight })));
  }

  /* What reaches place (i, j) of the canvas: inputs in reading order, and products. */
  function arrivals(X, K, settings, i, j) {
    return X.flatMap((row, a) => row.flatMap((_, b) => stamp(X, K, settings, a, b)
      .filter(term => term.row === i && term.column === j).map(term => ({ ...term, a, b }))));
  }

  /* The canvas after the first `count` inputs. */
  function transpose(X, K, settings, count = Infinity) {
    const size = canvasSize({ ...settings, n: X.length, kernel: K.length }), Y = matrix(size, size, () => 0);
    X.flatMap((row, a) => row.map((_, b) => [a, b])).slice(0, count)
      .flatMap(place => stamp(X, K, settings, ...place))
      .forEach(({ row, column, value, weight }) => { Y[row][column] += value * weight; });
    return Y;
  }

  /* How many rows of the kernel reach a row of the canvas far from its
     border: a list that repeats from there on. */
  function phases({ kernel, stride, dilation }) {
    const rows = range(kernel).map(u => (u * dilation) % stride);
    return range(stride).map(phase => rows.filter(row => row === phase).length);
  }

  /* Why PyTorch refuses groups: what they do not divide. */
  function channelsFault({ inChannels, outChannels, groups }) {
    if (inChannels % groups) return 'inChannels';
    if (outChannels % groups) return 'outChannels';
  }

  /* The input channels that output channel o reads. */
  function channelsRead({ inChannels, outChannels, groups }, o) {
    const each = inChannels / groups, group = Math.floor(o * groups / outChannels);
    return range(each).map(c => group * each + c);
  }

  /* What pixel (i, j) of output channel o is made of, one sum a channel read.
     X: images; W: for each output, kernels of the channels that it reads. */
  function channelSums(X, W, settings, o, i, j) {
    return channelsRead(settings, o).map((channel, c) => ({ channel, sum: terms(X[channel], W[o][c],
      { stride: 1, dilation: 1 }, i, j).reduce((sum, { value, weight }) => sum + value * weight, 0) }));
  }

  function channelWeights({ inChannels, outChannels, groups, kernel }) {
    const shape = [outChannels, inChannels / groups, kernel, kernel];
    return { shape, count: shape.reduce((a, b) => a * b) };
  }

  /* A stored run: benchmarks/playground.py tells how it is written. */
  function unpack(run, epochs) {
    if (typeof run === 'number') return { diverged: run };
    const numbers = run.match(/../g).map(pair => parseInt(pair, 36));
    const part = (k, scale) => numbers.slice(k * epochs, (k + 1) * epochs).map(number => number / scale);
    return { loss: part(0, 100), training: part(1, 1000), validation: part(2, 1000) };
  }

  Object.assign(d2l, { range, matrix, source, pad, convolutionFault, convolutionSize, terms,
    convolve, convolveFast, reads, poolFault, poolSize, poolWindow, pool, fields, ways,
    transposedFault, canvasSize, transposedSize, stamp, arrivals, transpose, phases,
    channelsFault, channelsRead, channelSums, channelWeights, unpack });
}
