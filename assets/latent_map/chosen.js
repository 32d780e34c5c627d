/* The selection and its history. */

import { Bits } from "./bits.js";

const MOST = 60;

/** Which rows are selected; every change of it is a step that undo takes back. */
export class Chosen {
  /** @param changed called after every change. */
  constructor(n, changed) {
    this.n = n;
    this.changed = changed;
    this.past = [new Bits(n)];
    this.future = [];
  }

  get now() {
    return this.past.at(-1);
  }

  /** Begin with these rows: nothing lies before. */
  begin(bits) {
    this.past = [bits];
    this.future = [];
    this.changed();
  }

  choose(bits) {
    if (bits.equals(this.now)) return;
    this.past.push(bits);
    if (this.past.length > MOST) this.past.shift();
    this.future = [];
    this.changed();
  }

  /** @param how "replace", "add" or "subtract". */
  combine(bits, how) {
    this.choose(how === "add" ? this.now.union(bits) : how === "subtract" ? this.now.minus(bits) : bits);
  }

  clear() {
    this.choose(new Bits(this.n));
  }

  get canUndo() {
    return this.past.length > 1;
  }

  get canRedo() {
    return this.future.length > 0;
  }

  undo() {
    if (!this.canUndo) return;
    this.future.push(this.past.pop());
    this.changed();
  }

  redo() {
    if (!this.canRedo) return;
    this.past.push(this.future.pop());
    this.changed();
  }
}
