((globalThis.d2l ??= {}).texts ??= {}).sampler = {
  title: 'A sampler, and its price',
  lead: 'Of 100 pictures a few are of a rare class. A weighted sampler draws each of these some times as often as one of the others, and may draw any picture again. Bars count the draws of each picture in one epoch.',
  task: 'With 10 rare pictures, let both classes come equally often, and let at most one common picture in five be missed in an epoch.',
  done: 'Right: that takes nearly 300 draws, and by then each rare picture has come more than 14 times.',
  rare: 'Rare pictures', times: 'Times as often', draws: 'Draws', epoch: 'Epoch', chart: 'How often each picture is drawn in this epoch', picture: 'picture', drawn: 'draws', common: 'common class', scarce: 'rare class',
  share: 'The rare class makes {share} of the draws', price: 'In {draws} draws each rare picture comes {each} times on average, and {missed} of the common pictures do not come at all.',
  now: 'Epoch {epoch} misses {missing} of the {common} common pictures.', weights: 'The weights are 1 and {times}. With shuffle=True instead, each picture would come exactly once.',
};
