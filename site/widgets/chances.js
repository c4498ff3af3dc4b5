/* Chances of the widgets on data, validation and dropout, and what follows from
   a threshold, without a page: node runs them in the tests. */
'use strict';
{
  const { range } = d2l;

  /* How likely 0, 1, ... n right answers are, each right with chance p. */
  function binomial(n, p) {
    let log = n * Math.log(1 - p); // of no right answer
    return range(n + 1).map(k => {
      if (k) log += Math.log((n - k + 1) / k * p / (1 - p));
      return Math.exp(log);
    });
  }

  const cumulated = chances => { let sum = 0; return chances.map(chance => (sum += chance)); };

  /* The smallest count that at least this part of the measurements reaches. */
  const quantile = (chances, part) => cumulated(chances).findIndex(sum => sum >= part - 1e-12);

  /* How likely each count is as the largest of `trials` measurements. */
  function largestOf(chances, trials) {
    const below = cumulated(chances).map(sum => Math.min(1, sum) ** trials);
    return below.map((sum, k) => sum - (below[k - 1] ?? 0));
  }

  const meanCount = chances => chances.reduce((sum, chance, k) => sum + k * chance, 0);

  /* A weighted sampler over 100 pictures, the last `rare` of them of a rare
     class, each drawn `times` as often as one of the others. */
  const PICTURES = 100;
  function sampling({ rare, times, draws }) {
    const all = rare * times + PICTURES - rare, missed = weight => (1 - weight / all) ** draws;
    return { share: rare * times / all, each: draws * times / all, missedRare: missed(times), missedCommon: missed(1) };
  }

  /* How often each picture is drawn in one epoch. */
  function epochCounts({ rare, times, draws }, random) {
    const common = PICTURES - rare, all = rare * times + common, counts = range(PICTURES).map(() => 0);
    for (let k = 0; k < draws; k++) {
      const at = random() * all;
      counts[Math.min(PICTURES - 1, Math.floor(at < common ? at : common + (at - common) / times))] += 1;
    }
    return counts;
  }

  /* What dropout leaves of h: each number is lost with chance p. */
  function dropOut(h, { p, rescale }, random) {
    return h.map(x => (random() < p ? 0 : rescale ? x / (1 - p) : x));
  }

  /* Mean and standard deviation of the sum of what is left, as shares of h's. */
  function sumAfterDropOut(h, { p, rescale }) {
    const all = h.reduce((a, b) => a + b, 0), squares = h.reduce((a, b) => a + b * b, 0), factor = rescale ? 1 / (1 - p) : 1;
    return { mean: factor * (1 - p), spread: factor * Math.sqrt(p * (1 - p) * squares) / all };
  }

  /* Whoever has at least `threshold` is called positive. What comes of it, if a
     positive that is overlooked costs `cost` and a false alarm costs 1. */
  function decide(positives, negatives, threshold, cost) {
    const above = list => list.filter(p => p >= threshold).length, found = above(positives), alarms = above(negatives);
    const missed = positives.length - found, rest = negatives.length - alarms;
    return { found, missed, alarms, rest, accuracy: (found + rest) / (positives.length + negatives.length),
      recall: found / positives.length, precision: found / (found + alarms), cost: cost * missed + alarms };
  }

  Object.assign(d2l, { dropOut, sumAfterDropOut, decide, binomial, quantile, largestOf, meanCount, sampling, epochCounts });
}
