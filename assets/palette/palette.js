/* A square of decoded codes, over which a line is drawn: what it passes is read at once, without the server. */

const MOUNTED = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";
/** Share of the square between two places of a drawn line. */
const LEAST = 0.02;
/** What may become the source of a picture. */
const PICTURE = /^data:image\/png;base64,[A-Za-z0-9+/=]+$/;
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A picture; what is none is shown as nothing. */
function picture(text) {
  return PICTURE.test(text) ? element("img", { class: "zs-x", src: text, alt: "picture", draggable: "false" }) : document.createTextNode("∅");
}

function sentence(parts, dim, images) {
  if (images) return [picture(parts.map(([text]) => text).join(""))];
  if (!parts.length) return [document.createTextNode("∅")];
  return parts.map(([text, mark]) => element("span", { class: mark ? "zs-mark" : dim ? "zs-dim" : null }, text));
}

class Palette {
  constructor(host) {
    this.host = host;
    host.className = "palette";
    this.line = [];
  }

  show(data, told) {
    this.send = told;
    // The server says the line back, late perhaps: whoever draws meanwhile must not lose what is drawn.
    const same = this.data && data.of === this.data.of && data.alt === this.data.alt;
    this.data = data;
    if (same) return;
    this.line = data.line;
    this.here = 0;
    this.build();
  }

  get size() {
    return this.data.size;
  }

  build() {
    const { cells, size } = this.data;
    this.cells = cells.map((cell, at) => {
      const [column, row] = [at % size, Math.floor(at / size)];
      const made = element("div", { class: `cell${cell.off ? " off" : ""}`, role: "gridcell", tabindex: at ? -1 : 0,
        title: this.told(cell) }, ...this.letter(column, row), element("span", {}, ...sentence(cell.parts, at > 0, this.data.images)));
      made.style.background = this.tint(column / (size - 1), row / (size - 1));
      made.addEventListener("focus", () => this.look(at));
      made.addEventListener("pointerenter", () => this.look(at));
      return made;
    });
    const rows = [...Array(size).keys()].map((row) =>
      element("div", { role: "row", class: "row" }, ...this.cells.slice(row * size, (row + 1) * size)));
    this.grid = element("div", { class: "grid", role: "grid", "aria-label": this.data.alt }, ...rows);
    this.grid.style.setProperty("--size", size);
    this.drawing = document.createElementNS(SVG, "svg");
    this.drawing.setAttribute("viewBox", "0 0 1 1");
    this.drawing.setAttribute("preserveAspectRatio", "none");
    this.host.classList.toggle("images", Boolean(this.data.images));
    this.stage = element("div", { class: "stage" }, this.grid, this.drawing);
    this.reading = element("div", { class: "reading", "aria-live": "polite" });
    this.clear = element("button", { type: "button" }, "Clear the line");
    this.clear.addEventListener("click", () => this.finish([]));
    this.hint = element("span", { class: "hint" });
    this.host.replaceChildren(this.stage, element("div", { class: "under" }, this.hint, this.clear), this.reading);
    this.listen();
    this.paint();
    this.look(0);
  }

  /** What a cell says on hover: a picture says nothing more. */
  told(cell) {
    const said = this.data.images ? "" : cell.text;
    return cell.off ? `${said}\n(${this.data.off})`.trim() : said;
  }

  /** What was written, as it is read below the square. */
  large(text) {
    return this.data.images ? picture(text) : text || "∅";
  }

  /** The letter of a corner. */
  letter(column, row) {
    const last = this.size - 1;
    if (column % last || row % last) return [];
    const at = column / last + 2 * (row / last);
    const made = element("b", { class: "corner", "aria-hidden": "true" }, "ABCD"[at]);
    made.style.background = COLOURS[at];
    return [made];
  }

  tint(across, down) {
    const shares = [(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down];
    const mixed = COLOURS.map((colour, at) => [parseInt(colour.slice(1), 16), shares[at]]);
    const channel = (shift) => Math.round(mixed.reduce((sum, [colour, share]) => sum + ((colour >> shift) & 255) * share, 0));
    return `color-mix(in srgb, rgb(${channel(16)} ${channel(8)} ${channel(0)}) 20%, transparent)`;
  }

  listen() {
    this.stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.stage.setPointerCapture(event.pointerId);
      this.begun = [this.place(event)];
    });
    this.stage.addEventListener("pointermove", (event) => {
      const place = this.place(event);
      if (!this.begun) return;
      const [x, y] = this.begun.at(-1);
      if (Math.hypot(place[0] - x, place[1] - y) < LEAST) return;
      this.begun.push(place);
      this.line = this.begun;
      this.paint();
    });
    const ended = () => {
      if (!this.begun) return;
      const drawn = this.begun;
      this.begun = null;
      if (drawn.length > 1) this.finish(drawn);
      else this.focus(this.cellAt(drawn[0]));
    };
    this.stage.addEventListener("pointerup", ended);
    this.stage.addEventListener("pointercancel", ended);
    this.grid.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.size, ArrowUp: -this.size }[event.key];
    const column = this.here % this.size;
    if (step) {
      const leaves = (step === 1 && column === this.size - 1) || (step === -1 && !column);
      const to = this.here + step;
      if (!leaves && to >= 0 && to < this.cells.length) this.focus(to);
    } else if (event.key === " " || event.key === "Enter") {
      this.finish([...this.line, this.centre(this.here)]);
    } else if (event.key === "Escape") {
      this.finish([]);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Where a pointer is: 0 in the middle of the first cell, 1 in that of the last. */
  place(event) {
    const box = this.stage.getBoundingClientRect();
    const inside = (share) => Math.min(Math.max((share * this.size - 0.5) / (this.size - 1), 0), 1);
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)]
      .map((share) => Math.round(share * 1000) / 1000);
  }

  centre(cell) {
    return [(cell % this.size) / (this.size - 1), Math.floor(cell / this.size) / (this.size - 1)];
  }

  cellAt([x, y]) {
    return Math.round(y * (this.size - 1)) * this.size + Math.round(x * (this.size - 1));
  }

  focus(cell) {
    this.cells[this.here].tabIndex = -1;
    this.cells[cell].tabIndex = 0;
    this.cells[cell].focus({ preventScroll: true });
    this.look(cell);
  }

  look(cell) {
    this.here = cell;
    if (this.line.length > 1) return;
    this.reading.replaceChildren(element("div", { class: "big" }, this.large(this.data.cells[cell].text)));
  }

  finish(line) {
    this.line = line;
    this.paint();
    if (!line.length) this.look(this.here);
    this.send(line);
  }

  /** The line, the cells it passes, and what they read, each sentence once. */
  paint() {
    const on = (share) => (share * (this.size - 1) + 0.5) / this.size;
    const points = this.line.map(([x, y]) => `${on(x)},${on(y)}`).join(" ");
    const shape = document.createElementNS(SVG, "polyline");
    shape.setAttribute("points", points);
    this.drawing.replaceChildren(shape);
    const passed = [];
    this.line.forEach((place, at) => {
      const [x, y] = this.line[Math.max(at - 1, 0)];
      const steps = Math.max(1, Math.ceil(Math.hypot(place[0] - x, place[1] - y) * this.size * 4));
      for (let part = 0; part <= steps; part++) {
        const share = part / steps;
        const cell = this.cellAt([x + share * (place[0] - x), y + share * (place[1] - y)]);
        if (passed.at(-1) !== cell) passed.push(cell);
      }
    });
    this.cells.forEach((cell, at) => cell.classList.toggle("on", passed.includes(at)));
    this.clear.hidden = !this.line.length;
    this.hint.textContent = this.line.length
      ? `The line passes ${passed.length} cells.`
      : "Draw a line over the cells. With keys: arrows move, Enter adds a corner of the line, Escape clears it.";
    if (this.line.length < 2) return;
    const said = passed.map((cell) => this.data.cells[cell].text).filter((text, at, all) => text !== all[at - 1]);
    this.reading.replaceChildren(element("ol", {}, ...said.map((text) => element("li", {}, this.large(text)))));
  }
}

/** Called by Streamlit at the first run and whenever what is shown changes; returns what ends it. */
export default function mount({ data, parentElement, setStateValue }) {
  let palette = MOUNTED.get(parentElement);
  if (!palette) {
    palette = new Palette(parentElement.appendChild(document.createElement("div")));
    MOUNTED.set(parentElement, palette);
  }
  palette.show(data, (line) => setStateValue("line", { of: data.of, points: line }));
  return () => {
    MOUNTED.delete(parentElement);
    palette.host.remove();
  };
}
