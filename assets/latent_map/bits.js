/* Sets of rows as bits, and what they look like on the wire. */

/** A set of row numbers below n; half a million rows are 62 kB, and union, difference, equality are cheap. */
export class Bits {
  constructor(n, bytes = new Uint8Array((n + 7) >> 3)) {
    this.n = n;
    this.bytes = bytes;
  }

  static of(n, rows) {
    const bits = new Bits(n);
    for (const row of rows) bits.add(row);
    return bits;
  }

  has(row) {
    return (this.bytes[row >> 3] >> (row & 7)) & 1;
  }

  add(row) {
    this.bytes[row >> 3] |= 1 << (row & 7);
  }

  get count() {
    let count = 0;
    for (let byte of this.bytes) for (; byte; byte &= byte - 1) count++;
    return count;
  }

  rows() {
    const rows = [];
    this.bytes.forEach((byte, place) => {
      for (let bit = 0; byte >> bit; bit++) if ((byte >> bit) & 1) rows.push(8 * place + bit);
    });
    return rows;
  }

  /** This and the other set, byte by byte. */
  merge(other, rule) {
    return new Bits(this.n, this.bytes.map((byte, place) => rule(byte, other.bytes[place])));
  }

  union(other) {
    return this.merge(other, (ours, theirs) => ours | theirs);
  }

  minus(other) {
    return this.merge(other, (ours, theirs) => ours & ~theirs);
  }

  equals(other) {
    return this.n === other.n && this.bytes.every((byte, place) => byte === other.bytes[place]);
  }
}

/** The set as text: "b" and the bits, or "d" and the gaps between rows where that is shorter (few rows). */
export function pack(bits) {
  if (bits.count >= bits.bytes.length) return "b" + toBase64(bits.bytes);
  const gaps = [];
  let last = -1;
  for (const row of bits.rows()) {
    let gap = row - last - 1;
    last = row;
    for (; gap > 127; gap >>>= 7) gaps.push((gap & 127) | 128);
    gaps.push(gap);
    if (gaps.length >= bits.bytes.length) return "b" + toBase64(bits.bytes);
  }
  return "d" + toBase64(Uint8Array.from(gaps));
}

/** What `pack`, or Python, made. */
export function unpack(packed, n) {
  const bytes = fromBase64(packed.slice(1));
  if (packed[0] === "b") return new Bits(n, bytes);
  const bits = new Bits(n);
  let row = -1;
  for (let place = 0; place < bytes.length; place++) {
    let gap = 0;
    for (let shift = 0; ; shift += 7, place++) {
      gap += (bytes[place] & 127) * 2 ** shift;
      if (bytes[place] < 128) break;
    }
    bits.add((row += gap + 1));
  }
  return bits;
}

export function toBase64(bytes) {
  let text = "";
  // In parts: an argument list has a limit.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
