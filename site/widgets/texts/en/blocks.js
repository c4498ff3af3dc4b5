((globalThis.d2l ??= {}).texts ??= {}).blocks = {
  title: 'What a block costs',
  lead: 'Six ways from a feature map to one of the same size and number of channels. Bars are weights: of 1×1 convolutions, which mix channels, and of 3×3 convolutions, which look around. Batch norm is left out.',
  task: 'Keep 64 channels. What is the largest expansion with which the inverted residual has fewer weights than one plain 3×3 convolution?',
  done: 'Right: 4. MobileNetV2 expands by 6, and keeps few channels outside instead.',
  channels: 'Channels', size: 'Map size', groups: 'Groups', reduction: 'Reduction', expansion: 'Expansion', pointwise: '1×1', spatial: '3×3',
  blocks: { plain: 'Plain', grouped: 'Grouped', separable: 'Depthwise separable', bottleneck: 'Bottleneck', resnext: 'ResNeXt', inverted: 'Inverted residual' },
  block: '{name}: {layers}; {weights} weights', layer: '{kernel}×{kernel} to {to}', grouped: '{kernel}×{kernel} to {to} in {groups} groups', depthwise: '{kernel}×{kernel} depthwise',
  sum: 'The inverted residual has {times} times the weights of the plain layer', memory: 'It does {million} million multiply-adds, the plain layer {plain} million; its layers give {times} times as many numbers, which training has to keep.',
};
