/* Chances of the widgets on data and on validation, without a page: node runs
   them in the tests. */
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

  Object.assign(d2l, { binomial, quantile, largestOf, meanCount, sampling, epochCounts });
}
