((globalThis.d2l ??= {}).texts ??= {}).batchNorm = {
  title: 'Batch norm on a live histogram',
  lead: 'One channel of a network: 64 numbers of a minibatch before batch norm, and after it. Move and stretch what comes in, and watch what comes out. The line is the mean.',
  task: 'Find γ and β with which batch norm changes nothing: what comes out is what came in.',
  done: 'Right: γ is the standard deviation and β the mean. The layer can undo itself, if training finds that better.',
  shift: 'Mean of the input', spread: 'Its std', gamma: 'γ (weight)', beta: 'β (bias)', mode: 'Mode', options: { training: 'training', evaluation: 'evaluation' },
  step: 'One training step', steps: '20 steps', reset: 'Forget', before: 'Before', after: 'After', value: 'value', how: 'how many', numbers: '{name}: mean {mean}, std {std}',
  training: 'In training it subtracts the minibatch’s own mean, {mean}, divides by its own standard deviation, {std}, then multiplies by γ = {gamma} and adds β = {beta}.',
  evaluation: 'In evaluation it subtracts the running mean, {mean}, divides by the running standard deviation, {std}, then multiplies by γ = {gamma} and adds β = {beta}.',
  running: 'Running numbers after {turn} training steps: mean {mean}, std {std}. Each step moves them a tenth of the way (momentum 0.1).',
};
