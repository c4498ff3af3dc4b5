((globalThis.d2l ??= {}).texts ??= {}).line = {
  title: 'A line, a loss, a step downhill',
  lead: 'Nine points, and a line w·x + b. The loss is the mean of the squared errors, the thin lines. Move the line by hand, or let the gradient do it: each step moves w and b against their slopes, times the learning rate.',
  task: 'Press Start again, choose a learning rate, and get the loss below 0.1 in five steps at most.',
  done: 'Right: large enough to arrive, small enough not to overshoot.',
  w: 'Slope w', b: 'Offset b', lr: 'Learning rate', step: 'Step downhill', back: 'Start again', line: 'The line, and where it was before', losses: 'The loss after each step', steps: 'steps', loss: 'loss',
  now: 'After {count} steps: w = {w}, b = {b}, loss {loss}', slopes: 'The loss has slope {dw} along w and {db} along b. The next step subtracts {lr} times that.',
  worse: 'The loss has grown: the step was too long and overshot the bottom.', bottom: 'Near the bottom: no line has a much smaller loss.', next: 'Each step goes downhill from where the line is.',
};
