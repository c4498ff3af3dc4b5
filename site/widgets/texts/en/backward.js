((globalThis.d2l ??= {}).texts ??= {}).backward = {
  title: 'The backward pass, number by number',
  lead: 'Forward, the kernel read four windows of the input and gave four outputs. Backward, each output brings a number dY: how fast the loss grows with this output. The number times the kernel goes to the gradient of the input, dX; the number times the window goes to the gradient of the kernel, dK. Step through the outputs and watch both sums grow. You can type over X, K and dY.',
  task: 'Choose the four numbers of dY so that dK becomes the top left window of the input, 1, 2, 3, 1.',
  done: 'Right: if only one output matters, the kernel’s gradient is the window that this output saw.',
  image: 'Input X', filter: 'Kernel K', upstream: 'dY, one per output', dX: 'dX, so far', dK: 'dK, so far', all: 'Add up all four outputs',
  sends: 'Output row {row}, column {column} brings dY = {d}', toInput: 'It adds to dX, in its window (dY × kernel):', toKernel: 'It adds to dK (dY × window of the input):',
};
