((globalThis.d2l ??= {}).texts ??= {}).receptiveField = {
  title: 'Receptive field explorer',
  lead: 'Seen from the side, along one axis: each dot is a unit, the lowest row is the input. Choose a unit: its lines lead down to all that it sees. The bars count the ways from each pixel up to the unit.',
  task: 'Build three layers that see 25 pixels and miss none of them, with stride 1 and kernels of 5 at most.',
  done: 'Right: dilation widens the field for free, and a dense first layer keeps it from having holes.',
  preset: 'Layers', n: 'Input size', layer: 'Layer', unit: 'Unit', side: 'One row of the input and the units above it',
  input: 'input', size: 'size', jump: 'jump', field: 'field', short: { kernel: 'kernel', stride: 'stride', padding: 'pad.', dilation: 'dil.' }, level: 'layer {layer}',
  control: 'Layer {layer}, {name}', add: 'Add a layer', remove: 'Remove the last layer', table: 'Settings of the layers, and what follows from them',
  sees: 'Unit {unit} of layer {layer} sees pixels {from} to {to}: a field of {field}, in two dimensions {field}×{field}.',
  holes: 'It reads {count} of these {field}.', outside: '{count} of them lie outside of the input.',
  fieldSum: 'field = {below} + {dilation}×({kernel} − 1) × {jumpBelow} = {field}', jumpSum: 'jump = {jumpBelow} × {stride} = {jump}',
  words: 'field below + dilation×(kernel − 1) × jump below',
  fault: 'Layer {layer} does not fit: its kernel spans {span}, there are {room} units (padding included).',
};
