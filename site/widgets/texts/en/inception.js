((globalThis.d2l ??= {}).texts ??= {}).inception = {
  title: 'What an Inception block costs',
  lead: 'Four branches read the same 192 channels of 28×28, and their outputs are put side by side. A 1×1 convolution before the 3×3 and the 5×5 makes them narrow first. Bars are multiply-adds.',
  task: 'Keep 256 channels out of the block, 128 of them from the 3×3 and 32 from the 5×5, with fewer than 130 million multiply-adds.',
  done: 'Right: that is the first block of GoogLeNet, or a cheaper one. The 5×5 needs the narrowest neck.',
  reduce: 'Reduce with 1×1 first', c1: '1×1', mid3: 'Before the 3×3', c3: '3×3', mid5: 'Before the 5×5', c5: '5×5', pool: '1×1 after pooling',
  branches: { one: '1×1 to {c1} channels: {cost} million', three: '3×3 to {c3} channels: {cost} million', threeReduced: '1×1 to {mid3}, then 3×3 to {c3} channels: {cost} million',
    five: '5×5 to {c5} channels: {cost} million', fiveReduced: '1×1 to {mid5}, then 5×5 to {c5} channels: {cost} million', pooled: '3×3 max pooling, then 1×1 to {pool} channels: {cost} million' },
  sum: '{cost} million multiply-adds for {output} channels', than: 'Without the reductions it would be {cost} million.', could: 'With the reductions chosen above it would be {cost} million.',
};
