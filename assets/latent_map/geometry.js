/* Finding points: the nearest one, those inside an outline, and where they crowd. */

/** Points in square cells, so that looking for the nearest visits a few of them and not a million. */
export class Grid {
  /** @param {Float32Array} xy x and y of every slot in turn. */
  constructor(xy, [left, low, right, high]) {
    const n = xy.length / 2;
    this.xy = xy;
    this.side = Math.max(4, Math.min(512, Math.ceil(Math.sqrt(n / 4))));
    this.left = left;
    this.low = low;
    this.across = this.side / (right - left || 1);
    this.up = this.side / (high - low || 1);
    this._sort(n);
  }

  column(x) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((x - this.left) * this.across)));
  }

  row(y) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((y - this.low) * this.up)));
  }

  /** Counting sort: where each cell begins, and the slots in the order of their cells. */
  _sort(n) {
    const { xy, side } = this;
    const cells = new Uint32Array(n);
    const starts = new Uint32Array(side * side + 1);
    for (let slot = 0; slot < n; slot++) {
      const cell = this.row(xy[2 * slot + 1]) * side + this.column(xy[2 * slot]);
      cells[slot] = cell;
      starts[cell + 1]++;
    }
    for (let cell = 0; cell < side * side; cell++) starts[cell + 1] += starts[cell];
    const next = starts.slice();
    this.slots = new Uint32Array(n);
    for (let slot = 0; slot < n; slot++) this.slots[next[cells[slot]]++] = slot;
    this.starts = starts;
  }

  /**
   * The nearest slot that may be picked, or -1.
   * Distances are taken in pixels: `across` and `up` are pixels per unit, `reach` is in pixels.
   */
  nearest(x, y, [across, up], reach, allowed) {
    const { xy, side, starts, slots } = this;
    let best = -1;
    let least = reach * reach;
    const first = this.column(x - reach / across);
    const last = this.column(x + reach / across);
    for (let row = this.row(y - reach / up); row <= this.row(y + reach / up); row++) {
      const end = starts[row * side + last + 1];
      for (let at = starts[row * side + first]; at < end; at++) {
        const slot = slots[at];
        const right = (xy[2 * slot] - x) * across;
        const above = (xy[2 * slot + 1] - y) * up;
        const distance = right * right + above * above;
        if (distance < least && allowed(slot)) {
          least = distance;
          best = slot;
        }
      }
    }
    return best;
  }
}

/**
 * Points per unit of area where the points are, on average over the points: what a person sees as
 * "how full it is". The opacity follows from it.
 */
export function crowding(xy, [left, low, right, high], side = 64) {
  const n = xy.length / 2;
  const counts = new Uint32Array(side * side);
  const across = side / (right - left || 1);
  const up = side / (high - low || 1);
  const stride = Math.max(1, Math.floor(n / 100_000));
  let seen = 0;
  for (let slot = 0; slot < n; slot += stride, seen++) {
    const column = Math.min(side - 1, Math.max(0, Math.floor((xy[2 * slot] - left) * across)));
    const row = Math.min(side - 1, Math.max(0, Math.floor((xy[2 * slot + 1] - low) * up)));
    counts[row * side + column]++;
  }
  let squares = 0;
  for (const count of counts) squares += count * count;
  return seen ? (squares / seen) * (n / seen) * across * up : 0;
}

/** A test for "inside this outline" (even-odd), which looks only at the edges on a point's level. */
export function insideOf(outline) {
  const highest = Math.max(...outline.map(([, y]) => y));
  const lowest = Math.min(...outline.map(([, y]) => y));
  const levels = Math.max(1, Math.min(512, outline.length));
  const perLevel = levels / (highest - lowest || 1);
  const level = (y) => Math.max(0, Math.min(levels - 1, Math.floor((y - lowest) * perLevel)));
  const edges = Array.from({ length: levels }, () => []);
  outline.forEach(([x, y], place) => {
    const [nextX, nextY] = outline[(place + 1) % outline.length];
    if (y === nextY) return;
    const edge = [x, y, nextX, nextY];
    const last = level(Math.max(y, nextY));
    for (let at = level(Math.min(y, nextY)); at <= last; at++) edges[at].push(edge);
  });
  return (x, y) => {
    if (!(y >= lowest && y <= highest)) return false;
    let inside = false;
    for (const [fromX, fromY, toX, toY] of edges[level(y)]) {
      if (fromY > y !== toY > y && x < fromX + ((y - fromY) / (toY - fromY)) * (toX - fromX)) {
        inside = !inside;
      }
    }
    return inside;
  };
}

/**
 * Where to write each category's name: the middle of its densest place, because the mean of two
 * clusters lies where there is nothing.
 * @returns one [x, y, count] a category; null for one without points.
 */
export function anchors(xy, codes, categories, [left, low, right, high], allowed, side = 32) {
  const across = side / (right - left || 1);
  const up = side / (high - low || 1);
  const cell = (slot) =>
    Math.min(side - 1, Math.max(0, Math.floor((xy[2 * slot + 1] - low) * up))) * side +
    Math.min(side - 1, Math.max(0, Math.floor((xy[2 * slot] - left) * across)));
  const counts = new Uint32Array(categories * side * side);
  const totals = new Uint32Array(categories);
  for (let slot = 0; slot < codes.length; slot++) {
    const code = codes[slot];
    if (code >= categories || !allowed(slot)) continue;
    counts[code * side * side + cell(slot)]++;
    totals[code]++;
  }
  const best = Int32Array.from(totals, (total, code) =>
    total ? densest(counts.subarray(code * side * side, (code + 1) * side * side), side) : -1,
  );
  const sums = new Float64Array(3 * categories);
  for (let slot = 0; slot < codes.length; slot++) {
    const code = codes[slot];
    if (code >= categories || !allowed(slot)) continue;
    const here = cell(slot);
    const rows = Math.abs(Math.floor(here / side) - Math.floor(best[code] / side));
    if (rows > 1 || Math.abs((here % side) - (best[code] % side)) > 1) continue;
    sums[3 * code] += xy[2 * slot];
    sums[3 * code + 1] += xy[2 * slot + 1];
    sums[3 * code + 2]++;
  }
  return Array.from(totals, (total, code) =>
    total
      ? [sums[3 * code] / sums[3 * code + 2], sums[3 * code + 1] / sums[3 * code + 2], total]
      : null,
  );
}

/** The cell with the most points in it and around it. */
function densest(counts, side) {
  let best = -1;
  let most = 0;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      if (!counts[row * side + column]) continue;
      let sum = counts[row * side + column];
      for (let y = Math.max(0, row - 1); y <= Math.min(side - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(side - 1, column + 1); x++) {
          sum += counts[y * side + x];
        }
      }
      if (sum > most) {
        most = sum;
        best = row * side + column;
      }
    }
  }
  return best;
}

/** Left, low, right, high of some slots. */
export function boundsOf(xy, slots) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const slot of slots) {
    bounds[0] = Math.min(bounds[0], xy[2 * slot]);
    bounds[1] = Math.min(bounds[1], xy[2 * slot + 1]);
    bounds[2] = Math.max(bounds[2], xy[2 * slot]);
    bounds[3] = Math.max(bounds[3], xy[2 * slot + 1]);
  }
  return bounds;
}

/** Places in one frame as places in another, so that a change of units is no jump. */
export function fitted(xy, [left, low, right, high], [newLeft, newLow, newRight, newHigh]) {
  const scale = Math.min((newRight - newLeft) / (right - left || 1), (newHigh - newLow) / (high - low || 1));
  const [x, y] = [(left + right) / 2, (low + high) / 2];
  const [newX, newY] = [(newLeft + newRight) / 2, (newLow + newHigh) / 2];
  return Float32Array.from(xy, (value, at) =>
    at % 2 ? newY + (value - y) * scale : newX + (value - x) * scale,
  );
}
