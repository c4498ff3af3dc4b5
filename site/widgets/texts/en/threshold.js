((globalThis.d2l ??= {}).texts ??= {}).threshold = {
  title: 'Where should the line be drawn?',
  lead: 'Each dot is a photograph, at the probability that the network gives to “bee”. Right of the line it is called a bee. Usually the line stands at 0.5, but that is right only if both mistakes are equally bad.',
  task: 'Overlooking a bee costs five times as much as a false alarm. Set this cost, and find a threshold with the lowest total on the validation photographs.',
  done: 'Right. Now tick the test photographs, once: the line was chosen for the others, so it need not be the best one here.',
  threshold: 'Threshold', cost: 'Cost of a missed bee', test: 'Show the test photographs', chart: 'Probabilities', probability: 'probability of “bee”', validation: '{count} validation photographs', onTest: '{count} test photographs', table: 'Confusion matrix',
  calledAnts: 'called ants', calledBees: 'called bees', ants: 'ants', bees: 'bees', nothing: 'none',
  sum: 'Cost: {missed} missed bees × {cost} + {alarms} false alarms = {total}', rates: 'Accuracy {accuracy}. Of the bees {recall} are found (recall); of what is called a bee {precision} is one (precision).',
  half: 'With the line at 0.5 the cost would be {half}.', warning: 'On these {half} would be the cost at 0.5. Do not move the line any more: a threshold that is chosen on test photographs tells nothing about new ones.',
};
