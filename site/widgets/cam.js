/* Class activation maps, without a page: node runs it in the tests. */
'use strict';
{
  const MOST = 6; // what 63 stands for in the maps

  /* What tools/make_cam.py has packed: for each place, its [channel, number]
     that are not 0. */
  function unpackMaps({ maps, signs, channels }) {
    const places = [];
    let channel = channels;
    for (let at = 0; at < maps.length; at += 2) {
      if (channel >= channels - 1) { places.push([]); channel = -1; }
      channel += signs.indexOf(maps[at]);
      const number = signs.indexOf(maps[at + 1]);
      if (number) places.at(-1).push([channel, MOST * number / 63]);
    }
    return places;
  }

  const unpackWeights = ({ weights, signs, unit }) => Float32Array.from(weights, sign => unit * (signs.indexOf(sign) - 31));

  /* What each channel adds to a class at a place, the largest first. */
  const additions = (place, weights) => place.map(([channel, number]) => ({ channel, number, weight: weights[channel], adds: number * weights[channel] }))
    .sort((a, b) => b.adds - a.adds);

  /* For each place what all channels add to a class, not yet cut off at 0. */
  const classMap = (places, weights) => places.map(place => place.reduce((sum, [channel, number]) => sum + number * weights[channel], 0));

  Object.assign(d2l, { unpackMaps, unpackWeights, additions, classMap });
}
