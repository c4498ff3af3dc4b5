/* Changes of a picture, as torchvision's transforms make them, without a page:
   node runs them in the tests. A picture is three lists of n×n numbers from
   0 to 1: red, green, blue. */
'use strict';
{
  const cut = value => Math.min(1, Math.max(0, value));

  /* Each channel of a picture anew: f(row, column, the old channel). */
  function remade(picture, n, f) {
    return picture.map(channel => Float32Array.from({ length: n * n }, (_, at) => f(Math.floor(at / n), at % n, channel)));
  }

  /* The number at a place, and black beyond the edge. */
  const pixel = (channel, n, i, j) => (i >= 0 && i < n && j >= 0 && j < n ? channel[i * n + j] : 0);

  /* A crop of the padded picture that lies `down` and `right` of the middle. */
  const shifted = (picture, n, { down, right }) => remade(picture, n, (i, j, channel) => pixel(channel, n, i + down, j + right));

  const mirrored = (picture, n) => remade(picture, n, (i, j, channel) => channel[i * n + n - 1 - j]);
  const upended = (picture, n) => remade(picture, n, (i, j, channel) => channel[(n - 1 - i) * n + j]);

  /* Against the clock, between pixels in proportion (bilinear), black around. */
  function rotated(picture, n, degrees) {
    const angle = degrees * Math.PI / 180, cos = Math.cos(angle), sin = Math.sin(angle), middle = (n - 1) / 2;
    return remade(picture, n, (i, j, channel) => {
      const x = j - middle, y = i - middle;
      const column = cos * x - sin * y + middle, row = sin * x + cos * y + middle;
      const top = Math.floor(row), left = Math.floor(column), down = row - top, right = column - left;
      return (1 - down) * ((1 - right) * pixel(channel, n, top, left) + right * pixel(channel, n, top, left + 1))
        + down * ((1 - right) * pixel(channel, n, top + 1, left) + right * pixel(channel, n, top + 1, left + 1));
    });
  }

  const grayOf = ([red, green, blue]) => red.map((value, at) => 0.2989 * value + 0.587 * green[at] + 0.114 * blue[at]);

  /* `factor` of the picture and the rest of another, cut off at 0 and 1. */
  const blended = (picture, factor, other) => picture.map(channel => channel.map((value, at) => cut(factor * value + (1 - factor) * other(at))));

  const brightened = (picture, factor) => blended(picture, factor, () => 0);
  const saturated = (picture, factor) => { const gray = grayOf(picture); return blended(picture, factor, at => gray[at]); };
  function contrasted(picture, factor) {
    const gray = grayOf(picture), mean = gray.reduce((a, b) => a + b, 0) / gray.length;
    return blended(picture, factor, () => mean);
  }

  /* Each color moved by a part of the color wheel. */
  function tinted([red, green, blue], by) {
    const made = [red, green, blue].map(channel => channel.slice());
    for (let at = 0; at < red.length; at++) {
      const color = [red[at], green[at], blue[at]], value = Math.max(...color), range = value - Math.min(...color);
      if (!range) continue;
      const first = color.indexOf(value), [, next, last] = [0, 1, 2].map(k => color[(first + k) % 3]);
      const hue = (2 * first + (next - last) / range + 6 * by + 12) % 6;
      made.forEach((channel, k) => { // how far this channel is from its top
        const away = Math.abs((hue - 2 * k + 9) % 6 - 3);
        channel[at] = value - range * cut(away - 1);
      });
    }
    return made;
  }

  /* What one sample is given: all at random within the settings. */
  function drawn(random, { flip, upend, padding, rotation, brightness, contrast, saturation, hue }) {
    const between = (from, to) => from + (to - from) * random(), factor = size => between(1 - size, 1 + size);
    const place = () => Math.floor(between(-padding, padding + 1)), half = () => random() < 0.5;
    const chances = [half(), half()];
    return { down: place(), right: place(), flip: flip && chances[0], upend: upend && chances[1], degrees: between(-rotation, rotation),
      brightness: factor(brightness), contrast: factor(contrast), saturation: factor(saturation), hue: between(-hue, hue) };
  }

  /* Apply what is drawn; what changes nothing is left out. */
  function transformed(picture, n, { down, right, flip, upend, degrees, brightness, contrast, saturation, hue }) {
    let made = picture;
    if (down || right) made = shifted(made, n, { down, right });
    if (flip) made = mirrored(made, n);
    if (upend) made = upended(made, n);
    if (degrees) made = rotated(made, n, degrees);
    if (brightness !== 1) made = brightened(made, brightness);
    if (contrast !== 1) made = contrasted(made, contrast);
    if (saturation !== 1) made = saturated(made, saturation);
    if (hue) made = tinted(made, hue);
    return made;
  }

  /* Which part of a crop from a padded picture is border: on average over all
     places, and in a corner. */
  function borderShare(n, padding) {
    const apart = padding * (padding + 1) / (2 * padding + 1); // mean distance from the middle
    return { mean: 1 - (1 - apart / n) ** 2, most: 1 - (1 - padding / n) ** 2 };
  }

  Object.assign(d2l, { shifted, mirrored, upended, rotated, brightened, contrasted, saturated, tinted, drawn, transformed, borderShare });
}
