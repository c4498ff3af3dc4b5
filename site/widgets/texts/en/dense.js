((globalThis.d2l ??= {}).texts ??= {}).dense = {
  title: 'How a dense block grows',
  lead: 'Each layer of a dense block reads everything before it and adds a few channels of its own, the growth rate. Change the block and watch what the layers read, and what that costs.',
  task: 'Start with 64 channels and end with exactly 256, for fewer than 230,000 weights.',
  done: 'Right: many thin layers, behind bottlenecks, are the cheapest way up.',
  start: 'Channels that come in', growth: 'Growth rate', layers: 'Layers', bottleneck: 'Bottleneck (1×1 first)', given: 'the block’s input', made: 'made by layers before', added: 'made by this layer',
  layer: 'Layer {layer} reads {read} channels and makes {growth}: {weights} weights', sum: '{start} + {layers} × {growth} = {most} channels come out',
  weights: '{all} weights in all. As many plain 3×3 layers of full width would have {plain}.',
};
