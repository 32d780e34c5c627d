/* What the colours mean: categories, values from low to high, or nothing. */

import { NAMED, css, mix, number, rgb, word } from "./colour.js";

const NONE = 65535;
const BINS = 48;

/** The scale of a colour message; `null` colours everything alike. */
export function scaleOf(message, rows) {
  if (!message) return new PlainScale(rows);
  return message.kind === "values" ? new ValueScale(message, rows) : new CategoryScale(message, rows);
}

/** No meaning: one colour. */
export class PlainScale {
  constructor(rows) {
    this.kind = "plain";
    this.shade = new Uint16Array(rows.n);
    this.filtered = false;
  }

  hides() {
    return false;
  }

  palette(theme) {
    return Uint32Array.of(word(theme.primary));
  }

  colourAt(slot, theme) {
    return theme.primary;
  }

  say() {
    return null;
  }
}

/** One colour a category; the largest twenty are named, the others grey. */
export class CategoryScale {
  constructor({ title, names, codes, colours }, rows) {
    this.kind = "categories";
    this.title = title;
    this.names = names;
    this.colours = colours;
    this.codes = rows.ordered(codes);
    this.shade = this.codes.map((code) => (code === NONE ? names.length : code));
    this.totals = new Uint32Array(names.length + 1);
    for (const code of this.shade) this.totals[code]++;
    if (this.totals[names.length]) this.names = [...names, "none"];
    this._rank(names.length);
    this.hidden = new Set();
    this.raised = null;
  }

  /** The order of the legend, and which categories have a colour. */
  _rank(given) {
    const codes = Array.from({ length: given }, (_, code) => code);
    const bySize = [...codes].sort((a, b) => this.totals[b] - this.totals[a] || a - b);
    const first = new Set(given <= NAMED ? codes : bySize.slice(0, NAMED));
    this.named = codes.filter((code) => first.has(code));
    this.others = bySize.filter((code) => !first.has(code));
    if (this.names.length > given) this.others.push(given);
    this.place = new Map(this.named.map((code, place) => [code, place]));
  }

  get filtered() {
    return this.hidden.size > 0;
  }

  get key() {
    return JSON.stringify([this.title, this.names]);
  }

  hides(slot) {
    return this.hidden.has(this.shade[slot]);
  }

  toggle(code) {
    if (!this.hidden.delete(code)) this.hidden.add(code);
    if (this.hidden.size === this.names.length) this.hidden.clear();
  }

  /** Only this one; all of them if it is the only one already. */
  solo(code) {
    const alone = this.hidden.size === this.names.length - 1 && !this.hidden.has(code);
    this.hidden = new Set(alone ? [] : this.names.keys());
    this.hidden.delete(code);
  }

  showAll() {
    this.hidden.clear();
  }

  colour(code, theme) {
    const given = this.colours?.[code];
    if (given != null) return typeof given === "number" ? theme.categories[given] : rgb(given);
    if (this.place.has(code)) return theme.categories[this.place.get(code)];
    // A category without a colour of its own gets one while nothing else could be meant.
    const alone = this.raised === code || this.hidden.size === this.names.length - 1;
    return alone ? theme.primary : theme.grey;
  }

  /** While the pointer is on a line of the legend, everything else steps back. */
  palette(theme) {
    return Uint32Array.from(this.names, (_, code) => {
      const colour = this.colour(code, theme);
      const back = this.raised !== null && this.raised !== code;
      return word(back ? mix(colour, theme.background, 0.82) : colour);
    });
  }

  colourAt(slot, theme) {
    return this.colour(this.shade[slot], theme);
  }

  nameAt(slot) {
    return this.names[this.shade[slot]];
  }

  say(slot) {
    return [this.title, this.nameAt(slot)];
  }
}

/** Viridis between low and high; what lies beyond has the colour of the end. */
export class ValueScale {
  constructor({ title, unit, values, low, high }, rows) {
    this.kind = "values";
    Object.assign(this, { title, unit, low, high });
    this.values = rows.ordered(values);
    const span = high - low || 1;
    this.missing = 0;
    this.below = 0;
    this.above = 0;
    this.shade = Uint16Array.from(this.values, (value) => {
      if (Number.isNaN(value)) return this.missing++, 0;
      if (value < low) this.below++;
      if (value > high) this.above++;
      return 1 + Math.round(255 * Math.min(1, Math.max(0, (value - low) / span)));
    });
    this.range = null;
    this.counts = this._histogram(span);
  }

  /** Of whole numbers each has a bar of its own, or the bars would have gaps. */
  _histogram(span) {
    const whole = (value) => Number.isNaN(value) || Number.isInteger(value);
    const counted = span <= BINS && this.values.every(whole);
    const counts = new Uint32Array(counted ? Math.round(span) + 1 : BINS);
    for (const value of this.values) {
      if (Number.isNaN(value)) continue;
      const share = Math.min(1, Math.max(0, (value - this.low) / span));
      counts[Math.round(share * (counts.length - 1))]++;
    }
    return counts;
  }

  get filtered() {
    return this.range !== null;
  }

  get key() {
    return JSON.stringify([this.title, this.unit, this.low, this.high]);
  }

  hides(slot) {
    const value = this.values[slot];
    return this.range !== null && !(value >= this.range[0] && value <= this.range[1]);
  }

  showAll() {
    this.range = null;
  }

  palette(theme) {
    return Uint32Array.from([theme.grey, ...theme.values], word);
  }

  colourAt(slot, theme) {
    return this.shade[slot] ? theme.values[this.shade[slot] - 1] : theme.grey;
  }

  /** The bar of the legend, as CSS. */
  gradient(theme) {
    const stops = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((place) => css(theme.values[place]));
    return `linear-gradient(to right, ${stops.join(", ")})`;
  }

  say(slot) {
    const value = this.values[slot];
    return [this.title, Number.isNaN(value) ? "no value" : `${number(value)} ${this.unit}`.trim()];
  }
}
