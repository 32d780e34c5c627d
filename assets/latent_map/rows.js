/* The rows as arrays: places, colours, what hides them. A "slot" is a row's place in drawing order. */

import { Bits } from "./bits.js";
import { contours } from "./density.js";
import { anchors, crowding, Grid } from "./geometry.js";
import { View } from "./view.js";

const MOST_WINDOWS = 64;

let serial = 0;

/** A number no array has had yet; painters send an array again when its version is another. */
export function nextVersion() {
  return ++serial;
}

/**
 * Drawing order: rows a golden section apart. Any beginning of it is an even sample of all rows, and of
 * labels that come sorted none is drawn over all the others.
 */
function goldenOrder(n) {
  let stride = Math.max(1, Math.round(n * 0.6180339887));
  while (commonDivisor(stride, n) > 1) stride++;
  const rowOf = new Uint32Array(n);
  for (let slot = 0, row = 0; slot < n; slot++, row = (row + stride) % n) rowOf[slot] = row;
  return rowOf;
}

function commonDivisor(a, b) {
  return b ? commonDivisor(b, a % b) : a;
}

/** One projection of the rows (at one or several steps) and how it is looked at. */
export class Pane {
  constructor(title, steps, bounds) {
    this.title = title;
    this.steps = steps;
    this.bounds = bounds;
    this.view = new View();
    this.view.bounds = bounds;
    this.view.home();
    this.settle(0);
    this.crowding = crowding(this.xy, bounds);
    this.beyond = this._beyond();
  }

  /** How many points lie outside the frame, at the last step. */
  _beyond() {
    const xy = this.steps.at(-1);
    // Half precision rounds a frame's own corner to outside of it.
    const [left, low, right, high] = this.bounds;
    const [x, y] = [(right - left) / 500, (high - low) / 500];
    let count = 0;
    for (let at = 0; at < xy.length; at += 2) {
      count += xy[at] < left - x || xy[at] > right + x || xy[at + 1] < low - y || xy[at + 1] > high + y;
    }
    return count;
  }

  /** Lie exactly at a step. */
  settle(step) {
    this._moved(this.steps[Math.min(step, this.steps.length - 1)]);
  }

  /** Lie between two sets of places. */
  blend(from, to, share) {
    if (this.mixed?.length !== from.length) this.mixed = new Float32Array(from.length);
    const { mixed } = this;
    for (let at = 0; at < from.length; at++) mixed[at] = from[at] + (to[at] - from[at]) * share;
    this._moved(mixed);
  }

  /** Lie at a step or between two. */
  moveTo(step) {
    const last = this.steps.length - 1;
    const below = Math.min(Math.floor(step), last);
    if (step === below || below === last) this.settle(below);
    else this.blend(this.steps[below], this.steps[below + 1], step - below);
  }

  _moved(xy) {
    this.xy = xy;
    this.version = nextVersion();
    this._grid = null;
  }

  /** The index for picking, made when first asked for. */
  get grid() {
    this._grid ??= new Grid(this.xy, this.bounds);
    return this._grid;
  }

  place(slot) {
    return [this.xy[2 * slot], this.xy[2 * slot + 1]];
  }

  /** Where a row is on the screen. */
  screen(slot) {
    return this.view.toScreen(this.xy[2 * slot], this.xy[2 * slot + 1]);
  }

  /** Where each category's name is written at a step, counting what is shown. */
  anchorsAt(step, named, rows) {
    const version = `${rows.versions.flags} ${named.key}`;
    if (this.anchorsVersion !== version) Object.assign(this, { anchorsVersion: version, anchors: [] });
    // The rows without a category have no name to write.
    const count = named.names.at(-1) === "none" ? named.names.length - 1 : named.names.length;
    const shown = (slot) => rows.isShown(slot);
    this.anchors[step] ??= anchors(this.steps[step], named.shade, count, this.bounds, shown);
    return this.anchors[step];
  }

  /** Lines of equal density of what is shown. */
  contoursOf(rows) {
    const version = `${rows.versions.flags} ${this.version}`;
    if (this.contoursVersion !== version) {
      this.contours = contours(this.xy, this.bounds, (slot) => rows.isShown(slot));
      this.contoursVersion = version;
    }
    return this.contours;
  }
}

/** All that is drawn of N rows. */
export class Rows {
  /** @param points `{rows, n, panes: [{title, steps: [Float32Array], bounds}], steps: [name], ...}` */
  constructor(points) {
    const n = points.n;
    this.id = points.rows;
    this.n = n;
    this.rowOf = goldenOrder(n);
    this.slotOf = new Uint32Array(n);
    this.rowOf.forEach((row, slot) => (this.slotOf[row] = slot));
    this.shade = new Uint16Array(n);
    this.flags = new Uint8Array(n);
    this.sizes = new Uint8Array(n).fill(8);
    this.versions = { shade: nextVersion(), flags: nextVersion(), sizes: nextVersion() };
    this.place(points);
  }

  /** Take other coordinates of the same rows. */
  place(points) {
    this.points = points;
    this.panes = points.panes.map(({ title, steps, bounds }) => {
      const pane = new Pane(title, steps.map((xy) => this._pairs(xy)), bounds);
      pane.view.equal = points.equal;
      return pane;
    });
    this.stepNames = points.steps;
  }

  _pairs(xy) {
    const ordered = new Float32Array(2 * this.n);
    const { rowOf } = this;
    for (let slot = 0; slot < this.n; slot++) {
      ordered[2 * slot] = xy[2 * rowOf[slot]];
      ordered[2 * slot + 1] = xy[2 * rowOf[slot] + 1];
    }
    return ordered;
  }

  /** Numbers by row, in drawing order. */
  ordered(array) {
    const { rowOf } = this;
    return array.map((_, slot) => array[rowOf[slot]]);
  }

  set(name, array) {
    this[name] = array;
    this.versions[name] = nextVersion();
  }

  /** Write into every slot whether it is hidden and whether it is selected; null where none is. */
  mark(hidden, selected) {
    const { flags, rowOf } = this;
    this.versions.flags = nextVersion();
    this.shown = this.n;
    if (!hidden && !selected) return void flags.fill(0);
    let shown = 0;
    for (let slot = 0; slot < this.n; slot++) {
      const hides = hidden?.(slot) ? 1 : 0;
      shown += 1 - hides;
      flags[slot] = hides | (selected ? selected.has(rowOf[slot]) << 1 : 0);
    }
    this.shown = shown;
  }

  isShown(slot) {
    return !(this.flags[slot] & 1);
  }

  isSelected(slot) {
    return this.flags[slot] > 1;
  }

  /** The shown rows of a pane that pass a test of their place. */
  within(pane, inside) {
    const found = new Bits(this.n);
    const { xy } = pane;
    for (let slot = 0; slot < this.n; slot++) {
      if (this.isShown(slot) && inside(xy[2 * slot], xy[2 * slot + 1])) found.add(this.rowOf[slot]);
    }
    return found;
  }

  /** Slots of the selection, evenly thinned to at most so many. */
  selectedSlots(most = Infinity) {
    const found = [];
    for (let slot = 0; slot < this.n && found.length < most; slot++) {
      if (this.flags[slot] === 2) found.push(slot);
    }
    return found;
  }
}

/** Sentences as UTF-8 with offsets: a million of them are one buffer and no objects. */
export class Texts {
  constructor(buffer) {
    const n = new Uint32Array(buffer, 0, 1)[0];
    this.offsets = new Uint32Array(buffer, 4, n + 1);
    this.bytes = new Uint8Array(buffer, 4 * (n + 2));
    this.decoder = new TextDecoder();
  }

  at(row) {
    return this.decoder.decode(this.bytes.subarray(this.offsets[row], this.offsets[row + 1]));
  }
}

/** Pictures, by windows of rows: what was not looked at was not loaded. */
export class Windows {
  /**
   * @param told `{window, load}`: rows in a window, and what loads the bytes of one.
   * @param arrived called when a window has come.
   */
  constructor({ window, load }, arrived) {
    Object.assign(this, { window, load, arrived, kept: new Map() });
  }

  /** The picture of a row; undefined while it is on its way. */
  at(row) {
    const part = Math.floor(row / this.window);
    const found = this.kept.get(part);
    if (!found) this._fetch(part);
    return found?.texts?.at(row - part * this.window);
  }

  async _fetch(part) {
    const entry = {};
    this.kept.set(part, entry);
    if (this.kept.size > MOST_WINDOWS) this.kept.delete(this.kept.keys().next().value);
    try {
      entry.texts = new Texts(await this.load(part));
      this.arrived();
    } catch {
      this.kept.delete(part); // asked for again when the pointer comes back
    }
  }
}
