/* Contours of how densely the points lie: a histogram, smoothed, and the lines of equal height. */

const SIDE = 128;
const SHARES = [0.08, 0.25, 0.5, 0.75];

/** For each level, from low to high, line segments in the world: x, y, x, y in turn. */
export function contours(xy, [left, low, right, high], allowed) {
  const margin = 0.06;
  const [width, height] = [right - left || 1, high - low || 1];
  const [originX, originY] = [left - margin * width, low - margin * height];
  const [cellX, cellY] = [(width * (1 + 2 * margin)) / SIDE, (height * (1 + 2 * margin)) / SIDE];
  let field = new Float32Array(SIDE * SIDE);
  for (let slot = 0; slot < xy.length / 2; slot++) {
    if (!allowed(slot)) continue;
    const column = Math.floor((xy[2 * slot] - originX) / cellX);
    const row = Math.floor((xy[2 * slot + 1] - originY) / cellY);
    if (column >= 0 && row >= 0 && column < SIDE && row < SIDE) field[row * SIDE + column]++;
  }
  // Three boxes in each direction are nearly a bell.
  for (let pass = 0; pass < 3; pass++) field = boxed(boxed(field, 1, SIDE), SIDE, 1);
  const occupied = field.filter((value) => value > 0.02).sort();
  if (!occupied.length) return [];
  const heights = SHARES.map((share) => occupied[Math.floor(share * (occupied.length - 1))]);
  return heights.map((level) =>
    segments(field, level).map((at, place) =>
      place % 2 ? originY + (at + 0.5) * cellY : originX + (at + 0.5) * cellX,
    ),
  );
}

/** The mean of five neighbours along one direction. */
function boxed(field, along, across, reach = 2) {
  const out = new Float32Array(field.length);
  for (let line = 0; line < SIDE; line++) {
    for (let place = 0; place < SIDE; place++) {
      let sum = 0;
      for (let near = Math.max(0, place - reach); near <= Math.min(SIDE - 1, place + reach); near++) {
        sum += field[line * across + near * along];
      }
      out[line * across + place * along] = sum / (2 * reach + 1);
    }
  }
  return out;
}

/** Marching squares: where a level crosses the edges of each square of four cells. */
function segments(field, level) {
  const found = [];
  for (let row = 0; row < SIDE - 1; row++) {
    for (let column = 0; column < SIDE - 1; column++) {
      const corners = [0, 1, SIDE + 1, SIDE].map((offset) => field[row * SIDE + column + offset] - level);
      const crossings = [];
      for (let side = 0; side < 4; side++) {
        const [from, to] = [corners[side], corners[(side + 1) % 4]];
        if (from > 0 === to > 0) continue;
        const share = from / (from - to);
        const places = [
          [column + share, row],
          [column + 1, row + share],
          [column + 1 - share, row + 1],
          [column, row + 1 - share],
        ];
        crossings.push(places[side]);
      }
      for (let at = 0; at + 1 < crossings.length; at += 2) found.push(...crossings[at], ...crossings[at + 1]);
    }
  }
  return found;
}
