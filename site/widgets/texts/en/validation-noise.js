((globalThis.d2l ??= {}).texts ??= {}).validationNoise = {
  title: 'How far can a validation accuracy lie off?',
  lead: 'A network is right with a certain probability, the truth. We judge it by a few photographs, so chance decides what we measure. The second chart is for several settings that are all equally good, of which we keep the best measurement.',
  task: 'Twenty settings are equally good, each right with probability 0.94. About how many photographs does it take until the best of them is less than 2 points too high on average?',
  done: 'Right: about 500. With fewer, the best of twenty looks better than it is, by chance alone.',
  n: 'Photographs', truth: 'Truth', trials: 'Settings tried', accuracy: 'measured accuracy', chance: 'probability', one: 'One measurement; the line is the truth', best: 'The best of {trials}; the line is its mean',
  range: 'On {n} photographs, 19 of 20 measurements lie between {low} and {high}', worth: 'One photograph more or less that is right moves the accuracy by {points} points.',
  gain: 'The best of {trials} settings that are all at {truth} shows {mean} on average: {gain} points too high.', noGain: 'With a single setting there is nothing to choose: on average it shows the truth, {truth}.',
  alike: 'Here chance is drawn anew for each setting. On the same photographs similar settings make the same mistakes, and the best is less too high.',
};
