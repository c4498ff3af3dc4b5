/* The words that many widgets have. Beside this file stand those of each one.
   Another language is another folder like this one, texts/zh_CN for example;
   what is not there yet is shown in English. */
((globalThis.d2l ??= {}).texts ??= {}).shared = {
  cell: 'row {row}, column {column}',
  tryIt: 'Try it:', doneBefore: 'You have done this.', copyLink: 'Copy link', copied: 'Link copied', inAddress: 'It is in the address bar',
  back: 'Previous output', forth: 'Next output', play: 'Play', pause: 'Pause',
  n: 'Input size', kernel: 'Kernel size', stride: 'Stride', padding: 'Padding', dilation: 'Dilation',
  input: 'Input, {size}×{size}', padded: 'Input, {size}×{size} with padding',
  output: 'Output, {size}×{size}', noOutput: 'No output',
  chosen: 'Output row {row}, column {column}',
  options: {
    zeros: 'zeros', reflect: 'reflect', replicate: 'replicate', circular: 'circular',
    vertical: 'upright edges', horizontal: 'level edges', laplace: 'edges all around',
    mean: 'mean', copy: 'copy', own: 'your own',
    square: 'square', step: 'step', slope: 'slope', digits: 'numbers', max: 'maximum', avg: 'average',
    three: 'three 3×3', dilated: 'dilation 1, 2, 4', holes: 'dilation 2, 2, 2', lenet: 'LeNet',
    resnet: 'ResNet’s start',
  },
};
