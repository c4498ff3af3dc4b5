((globalThis.d2l ??= {}).texts ??= {}).smallKernels = {
  title: 'A stack of 3×3 against one large kernel',
  lead: 'The pixels that one output sees. The number in each says how many ways lead from it through the stack up to the output; under one large kernel there is one way from each. Choose a pixel, and change the stack.',
  task: 'The first convolution doubles the channels. How many 3×3 convolutions does it take until the stack has fewer weights than one kernel that sees as much?',
  done: 'Right: three. With two nothing is saved, because the second one has twice the channels on both sides.',
  count: '3×3 layers', channels: 'Channels', size: 'Map size', doubled: 'Double the channels', ways: 'Field of {side}×{side} pixels',
  pixel: 'Row {row}, column {column}: {here} of {all} ways, {share}', single: 'One {side}×{side} kernel gives each pixel the same start: {share}. The stack looks at the middle first.',
  rows: { stack: '3×3, {count} layers', single: '{side}×{side}, one layer', crossed: '{side}×1, then 1×{side}' },
  row: '{words}: {weights} weights, {million} million multiply-adds, {relus}', relu: 'one ReLU', relus: '{layers} ReLUs',
  sum: 'From {from} to {to} channels the stack has {share}\u00a0% of the weights of one {side}×{side} convolution', linear: 'Without a ReLU between them, the layers of the stack could be written as one {side}×{side} kernel.',
};
