((globalThis.d2l ??= {}).texts ??= {}).gradCam = {
  title: 'Grad-CAM by pointing',
  lead: 'A network has seen the cat above the coffee. Ask for a class: bright places speak for it. Choose a place, by pointing or with the arrow keys, and read which of the network’s channels make it so.',
  task: 'Where in the picture does the network find most that speaks against an Egyptian cat? Point at that place.',
  done: 'Right: the rim of the cup. Grad-CAM cuts off what is below 0, so its map does not show this.',
  kind: 'Ask for', view: 'Show', options: { 'Egyptian cat': 'Egyptian cat', tabby: 'tabby', lynx: 'lynx', espresso: 'espresso', cup: 'cup', 'wooden spoon': 'wooden spoon', for: 'what speaks for it', both: 'for and against', channel: 'one channel' },
  picture: 'The picture, 14×7 places', captions: { for: 'Bright: for “{kind}”', both: 'Bright: for “{kind}”; orange: against', channel: 'Bright: channel {channel} alone' },
  here: 'Row {row}, column {column} adds {sum} for “{kind}”', logit: 'The mean of all {places} places is {mean}; with the bias, {bias}, that is the logit of “{kind}”: {logit}.',
  some: '{count} channels are not 0 here. Those that add most, and take most away:', one: 'One channel is not 0 here:', part: 'channel {channel}: {number} × {weight} = {adds}',
  note: 'EfficientNet-Lite0, trained on ImageNet; {channels} channels, rounded to 64 steps for this page.',
};
