/* From a description with addresses of bytes to messages with arrays: what both hosts share. */

import { Bits } from "./bits.js";

/** Order matters: nothing can be coloured before there are rows. */
const PARTS = ["about", "points", "labels", "colour", "sizes", "visible", "selection", "overlays"];
PARTS.push("numbers", "texts");

/**
 * Compares each description with the last one and hands on only the parts that changed.
 * `load` turns the address of some bytes into an ArrayBuffer.
 */
export class Feed {
  constructor(map, load) {
    this.map = map;
    this.load = load;
    this.seen = {};
    this.queue = Promise.resolve();
  }

  /** Show a description; descriptions are worked through in the order in which they come. */
  show(description) {
    this.latest = description;
    this.queue = this.queue.then(() => this._show(description)).then(
      () => this.failed && this._mended(),
      (error) => {
        this.failed = true;
        this.map.fail(error);
      },
    );
    return this.queue;
  }

  _mended() {
    this.failed = false;
    this.map.note();
  }

  /** Try again what could not be loaded; what could is there. */
  retry() {
    return this.show(this.latest);
  }

  /** Other rows: whatever was told of the old ones has to be told again. */
  _forget(points) {
    const before = this.seen.points && rowsOf(JSON.parse(this.seen.points));
    if (before !== rowsOf(points)) this.seen = { about: this.seen.about };
  }

  async _show(description) {
    // Only the newest is worth loading when several wait.
    if (description !== this.latest) return;
    for (const part of PARTS) {
      const told = JSON.stringify(description[part] ?? null);
      if (told === this.seen[part]) continue;
      if (part === "points") this._forget(description.points);
      const message = await READ[part](JSON.parse(told), (address) => this.load(address, part));
      if (this.map.destroyed) return;
      this.map.show({ [part]: message });
      this.seen[part] = told;
      // The picture first, then the sentences, which may be many times as many bytes.
      if (part === "overlays") await this.map.drawn();
    }
  }
}

/** Identity of a set of rows. */
function rowsOf(points) {
  return `${points?.rows} ${points?.n}`;
}

const plain = async (message) => message;
const READ = {
  about: plain,
  points: readPoints,
  labels: readColour,
  colour: readColour,
  sizes: async (message, load) => message && new Uint8Array(await load(message.blob)),
  visible: async (message, load) => message && new Bits(message.n, new Uint8Array(await load(message.blob))),
  selection: plain,
  overlays: plain,
  numbers: async (message, load) => message && new Uint32Array(await load(message.blob)),
  texts: readTexts,
};

/** All sentences, or a promise of pictures: each window of these is loaded when one of it is asked for. */
async function readTexts(message, load) {
  if (!message?.parts) return message && load(message.blob);
  return { window: message.window, load: (part) => load(message.parts[part]) };
}

async function readPoints(message, load) {
  const panes = await Promise.all(
    message.panes.map(async (pane) => {
      const all = floats(await load(pane.blob), pane.kind);
      const steps = Array.from({ length: pane.steps }, (_, step) =>
        all.subarray(step * 2 * message.n, (step + 1) * 2 * message.n),
      );
      return { ...pane, steps };
    }),
  );
  return { ...message, panes };
}

async function readColour(message, load) {
  if (!message) return null;
  const buffer = await load(message.blob);
  if (message.kind === "values") return { ...message, values: new Float32Array(buffer) };
  const codes = message.width === 1 ? Uint16Array.from(new Uint8Array(buffer), widen) : new Uint16Array(buffer);
  return { ...message, codes };
}

// 255 of a byte and 65535 of two mean "none".
const widen = (code) => (code === 255 ? 65535 : code);

function floats(buffer, kind) {
  if (kind === "f4") return new Float32Array(buffer);
  const table = halves();
  return Float32Array.from(new Uint16Array(buffer), (bits) => table[bits]);
}

let table16;

/** What each of the 65,536 half-precision numbers is. */
function halves() {
  table16 ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return exponent === 31 ? NaN : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return table16;
}
