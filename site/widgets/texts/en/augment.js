((globalThis.d2l ??= {}).texts ??= {}).augment = {
  title: 'Augmentation sampler',
  lead: 'One picture, and eleven samples of it, as a network might meet them in eleven epochs. Each setting is a limit; below it chance picks a new amount for each sample. Choose a sample to read what was done to it.',
  task: 'Choose the letter b and at least four kinds of change, so that every sample is still a b.',
  done: 'Right: a mirrored b is a d, and a b on its head is a q. The label says which changes are allowed.',
  picture: 'Picture', options: { cat: 'cat', letter: 'letter b' }, seed: 'Seed', flip: 'Horizontal flip', upend: 'Vertical flip', padding: 'Crop padding', rotation: 'Rotation, ±°',
  brightness: 'Brightness', contrast: 'Contrast', saturation: 'Saturation', hue: 'Hue', original: 'Original', sample: 'Sample {sample}', given: 'Sample {sample}: {words}', asItIs: 'as it is',
  moved: { right: 'cut {by} to the right', 'not right': 'cut {by} to the left', down: 'cut {by} lower', 'not down': 'cut {by} higher' }, flipped: 'mirrored', upended: 'upside down', turned: 'turned by {by}°', factor: '{name} × {by}', tinted: 'hue moved by {by}',
  border: 'With a padding of {padding} on {side} pixels, {mean}\u00a0% of a crop are border on average, and {most}\u00a0% in a corner.', noBorder: 'Without padding no sample has a border from the crop.',
};
