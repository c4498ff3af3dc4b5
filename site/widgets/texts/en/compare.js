((globalThis.d2l ??= {}).texts ??= {}).compare = {
  title: 'Which network fits your budget?',
  lead: 'The networks of the record above: each dot is the test accuracy of one run, at least {runs} runs a network. Choose what you have to pay for, and how much of it you have. The list names the best within the budget, and those that the runs cannot tell apart from it.',
  task: 'MobileNetV2 does less work than any other of the large networks. Find a budget that rules out MobileNetV2 alone.',
  done: 'Right: memory. Which network is cheap depends on what you count.',
  cost: 'You pay for', budget: 'Your budget', options: { parameters: 'parameters', multiplyAdds: 'multiply-adds', memory: 'bytes of peak memory', seconds: 'seconds per epoch' },
  chart: 'Accuracy against cost; the line is the budget', accuracy: 'test accuracy', first: 'the best, or not shown to be worse', behind: 'shown to be worse', outside: 'over the budget',
  row: '{name}: {mean} ± {spread}, {cost}', and: '; ', best: 'Best within the budget: {name}, {mean}', none: 'Nothing fits this budget', more: 'Move the slider to the right.',
  alike: 'Not shown to be worse: {names}.', alone: 'It is shown to be better than all others within the budget.', out: 'Over the budget: {names}.', all: 'All networks are within the budget.', unknown: 'Not timed: {names}.',
};
