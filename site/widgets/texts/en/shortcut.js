((globalThis.d2l ??= {}).texts ??= {}).shortcut = {
  title: 'What a shortcut does to the gradient',
  lead: 'A stack of layers, each tanh(W·h) with random weights; with shortcuts each is h + tanh(W·h). How large is the gradient that arrives at the input of each layer, compared with the last one’s output? Make the stack deeper, and switch the shortcuts on.',
  task: 'Without shortcuts, find a size of weights with which 30 layers or more still give the first layer between 0.2 and 5 times the last gradient.',
  done: 'Right: without shortcuts it takes the right size of weights. With them no setting here lets the gradient vanish.',
  depth: 'Layers', gain: 'Size of weights', on: 'Shortcuts', chart: 'Length of the gradient at each layer’s input, divided by that at the end', layer: 'layer', size: 'ratio', shown: 'this stack', other: 'the other one',
  with: 'with', without: 'without',
  vanishes: 'The gradient vanishes: {with} shortcuts the first of {depth} layers gets {ratio} times what the last output gets.', explodes: 'The gradient explodes: {with} shortcuts the first of {depth} layers gets {ratio} times what the last output gets.',
  arrives: 'The gradient arrives: {with} shortcuts the first of {depth} layers gets {ratio} times what the last output gets.', than: 'The other stack, {with} them: {ratio} times.', tiny: 'less than 0.0001',
};
