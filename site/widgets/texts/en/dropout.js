((globalThis.d2l ??= {}).texts ??= {}).dropout = {
  title: 'What dropout does to the next unit',
  lead: 'A layer of hidden units, with values between 0 and 1. Dropout sets some of them to 0 in each training step and divides the rest by 1 − p. A unit of the next layer adds up what is left: the second chart counts its sums over 1,000 steps, divided by the sum without dropout.',
  task: 'Let p be 0.5. How many units does the layer need until the sum varies by less than 0.1? Find the smallest such layer.',
  done: 'Right: 256. Of AlexNet’s 4,096 units half can be missed; for the 128 of the experiment above the same p is rough.',
  units: 'Hidden units', p: 'Dropout p', mode: 'Mode', rescale: 'Divide by 1 − p', options: { training: 'training', evaluation: 'evaluation' }, again: 'Another training step',
  layer: 'The layer', unit: 'unit', value: 'value', lost: '{count} of these {shown} units are lost', left: 'what is left', before: 'without dropout',
  sums: 'The next unit’s sum, in 1,000 steps', sum: 'sum, relative to evaluation', steps: 'steps',
  training: '{units} units: the sum is {mean} on average, with a standard deviation of {spread}', evaluation: 'In evaluation nothing is lost: the sum is always 1',
  together: 'On average the next unit gets what it gets in evaluation, the line at 1.', apart: 'Without the division the next unit gets {mean} of what it will get in evaluation: it is trained for other numbers than it meets later.',
};
