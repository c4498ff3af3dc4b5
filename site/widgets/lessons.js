/* Arithmetic of the widgets on training and on blocks, without a page: node
   runs it in the tests, which compare it with PyTorch. */
'use strict';
{
  const { range, matrix } = d2l;
  const sum = numbers => numbers.reduce((a, b) => a + b, 0);

  /* The gradients of a cross-correlation, after the first `count` outputs. */
  function convolutionBackward(X, K, dY, count = Infinity) {
    const dX = X.map(row => row.map(() => 0)), dK = K.map(row => row.map(() => 0));
    dY.flatMap((row, i) => row.map((d, j) => [i, j, d])).slice(0, count).forEach(([i, j, d]) => {
      K.forEach((weights, a) => weights.forEach((weight, b) => {
        dX[i + a][j + b] += d * weight;
        dK[a][b] += d * X[i + a][j + b];
      }));
    });
    return { dX, dK };
  }

  /* Numbers between 0 and 1 that are the same everywhere (Park and Miller). */
  function dice(seed) {
    let state = seed * 7919 + 1;
    return () => { state = state * 16807 % 2147483647; return state / 2147483647; };
  }

  /* Twelve of them, added up, are nearly normal: mean 0, variance 1. */
  const normal = random => sum(range(12).map(random)) - 6;

  const meanOf = numbers => sum(numbers) / numbers.length;
  const varianceOf = numbers => { const mean = meanOf(numbers); return meanOf(numbers.map(x => (x - mean) ** 2)); };

  /* Batch norm of one channel: with the minibatch's own numbers, or those given. */
  function batchNorm(x, { gamma, beta, eps = 1e-5 }, { mean = meanOf(x), variance = varianceOf(x) } = {}) {
    return x.map(value => gamma * (value - mean) / Math.sqrt(variance + eps) + beta);
  }

  /* The running numbers after one minibatch; the variance is the unbiased one. */
  function follow(running, x, momentum = 0.1) {
    const to = (old, now) => (1 - momentum) * old + momentum * now;
    return { mean: to(running.mean, meanOf(x)), variance: to(running.variance, varianceOf(x) * x.length / (x.length - 1)) };
  }

  /* Layers h = tanh(W h), or h + tanh(W h), and how long the gradient of the
     output's mean is at the input of each; the last is the output's own. */
  const WIDTH = 16;
  function stackOf(depth, gain) {
    const random = dice(3);
    return range(depth).map(() => matrix(WIDTH, WIDTH, () => gain * normal(random) / Math.sqrt(WIDTH)));
  }

  function gradientSizes(depth, gain, shortcut) {
    const random = dice(5), weights = stackOf(depth, gain), times = (W, v) => W.map(row => sum(row.map((w, k) => w * v[k])));
    const slopes = [];
    let h = range(WIDTH).map(() => normal(random));
    for (const W of weights) {
      const out = times(W, h).map(Math.tanh);
      slopes.push(out.map(y => 1 - y * y));
      h = out.map((y, k) => y + (shortcut ? h[k] : 0));
    }
    let g = h.map(() => 1 / WIDTH);
    const sizes = [Math.hypot(...g)];
    for (const [l, W] of [...weights.entries()].reverse()) {
      const inner = g.map((value, k) => value * slopes[l][k]);
      const back = range(WIDTH).map(k => sum(W.map((row, i) => row[k] * inner[i])));
      g = back.map((value, k) => value + (shortcut ? g[k] : 0));
      sizes.unshift(Math.hypot(...g));
    }
    return sizes;
  }

  /* Mean squared error of the line w·x + b, and its slopes. */
  function lineLoss(points, w, b) {
    const errors = points.map(([x, y]) => w * x + b - y);
    return { loss: meanOf(errors.map(e => e * e)), dw: 2 * meanOf(errors.map((e, i) => e * points[i][0])), db: 2 * meanOf(errors) };
  }

  /* A dense block: channels before each layer and at the end, and weights. */
  function denseBlock({ start, growth, layers, bottleneck }) {
    const channels = range(layers + 1).map(l => start + l * growth);
    const weights = channels.slice(0, -1).map(c => (bottleneck ? c * 4 * growth + 9 * 4 * growth * growth : 9 * c * growth));
    return { channels, weights, all: sum(weights), kept: sum(channels.slice(0, -1).map((c, l) => (l ? growth : c))) };
  }

  /* What a convolution that keeps the map's size computes and moves: its
     operations, and the bytes of input, weights and output, each once. */
  function convolutionCost({ batch, channels, size, kernel, depthwise }) {
    const map = batch * channels * size * size, weights = channels * (depthwise ? 1 : channels) * kernel * kernel;
    const operations = 2 * batch * size * size * weights, bytes = 4 * (2 * map + weights);
    return { operations, bytes, intensity: operations / bytes };
  }

  /* Multiply-adds and weights of the four branches of an Inception block on a
     map of size×size; c2 and c3 are (before, after) the wide convolution, and
     `reduce` says whether the 1×1 convolutions before are there. */
  function inception({ input, size, c1, c2, c3, c4, reduce }) {
    const conv = (from, to, k) => from * to * k * k;
    const branches = [
      [conv(input, c1, 1)],
      reduce ? [conv(input, c2[0], 1), conv(c2[0], c2[1], 3)] : [conv(input, c2[1], 3)],
      reduce ? [conv(input, c3[0], 1), conv(c3[0], c3[1], 5)] : [conv(input, c3[1], 5)],
      [conv(input, c4, 1)],
    ].map(parts => ({ weights: sum(parts), multiplyAdds: sum(parts) * size * size }));
    const total = key => sum(branches.map(branch => branch[key]));
    return { branches, weights: total('weights'), multiplyAdds: total('multiplyAdds'), output: c1 + c2[1] + c3[1] + c4 };
  }

  /* Six blocks from `channels` to `channels` on a map of size×size: their
     layers, weights, those of them that mix channels only (1×1), multiply-adds,
     and how many numbers their layers give. */
  function blockCosts({ channels: c, size, groups, reduction, expansion }) {
    const conv = (from, to, kernel, parts = 1) => ({ from, to, kernel, groups: Math.min(parts, from) });
    const narrow = c / reduction, wide = c * expansion, between = (middle, parts) => [conv(c, middle, 1), conv(middle, middle, 3, parts), conv(middle, c, 1)];
    const blocks = { plain: [conv(c, c, 3)], grouped: [conv(c, c, 3, groups)], separable: [conv(c, c, 3, c), conv(c, c, 1)],
      bottleneck: between(narrow, 1), resnext: between(narrow, groups), inverted: between(wide, wide) };
    const count = ({ from, to, kernel, groups: parts }) => from * to * kernel * kernel / parts;
    return Object.entries(blocks).map(([name, layers]) => {
      const weights = sum(layers.map(count)), pointwise = sum(layers.filter(layer => layer.kernel === 1).map(count));
      return { name, layers, weights, pointwise, multiplyAdds: weights * size * size, outputs: sum(layers.map(layer => layer.to)) * size * size };
    });
  }

  /* How many ways lead from each pixel of a line up to one unit of `count`
     layers of three: (1, 1, 1) with itself. In two dimensions: products. */
  function waysThrough(count) {
    return range(count).reduce(ways => range(ways.length + 2).map(i => sum([i - 2, i - 1, i].map(j => ways[j] ?? 0))), [1]);
  }

  /* What sees 2·count + 1 pixels each way: a stack of 3×3 convolutions, one
     large one, or one with a column and one with a row. The first layer of
     each doubles the channels if `doubled`. */
  function sameField({ count, channels: c, size, doubled }) {
    const wide = c * (doubled ? 2 : 1), side = 2 * count + 1, layers = (area, n) => area * (c * wide + (n - 1) * wide * wide);
    const weights = { stack: layers(9, count), single: layers(side * side, 1), crossed: layers(side, 2) };
    return Object.entries(weights).map(([name, number]) => ({ name, weights: number, multiplyAdds: number * size * size, layers: { stack: count, single: 1, crossed: 2 }[name] }));
  }

  Object.assign(d2l, { waysThrough, sameField, blockCosts, convolutionBackward, dice, normal, meanOf, varianceOf, batchNorm, follow, stackOf, gradientSizes, lineLoss, denseBlock, convolutionCost, inception });
}
