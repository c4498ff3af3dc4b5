((globalThis.d2l ??= {}).texts ??= {}).roofline = {
  title: 'Under the roofline',
  lead: 'A convolution that keeps the size of its map, on a computer of your choice. How many operations does it do for each byte that it moves? Left of the ridge the computer waits for memory; right of it, for arithmetic. Bytes count input, weights and output once, in float32.',
  task: 'Make a 3×3 layer of 256 channels or more that is limited by memory, without a change of the computer.',
  done: 'Right: a depthwise layer does little with each number that it reads.',
  batch: 'Minibatch', channels: 'Channels', size: 'Map size', kernel: 'Kernel size', peak: 'Peak, GFLOP/s', bandwidth: 'Memory, GB/s', depthwise: 'Depthwise', chart: 'The roof, and where the layer lies',
  intensity: 'operations per byte', speed: 'GFLOP/s', memory: 'Limited by memory: {intensity} operations per byte; the ridge is at {ridge}', arithmetic: 'Limited by arithmetic: {intensity} operations per byte; the ridge is at {ridge}',
  numbers: '{operations} million operations, {bytes} million bytes.', time: 'At best {speed} GFLOP/s, {share}\u00a0% of the peak, and {time} ms.',
};
