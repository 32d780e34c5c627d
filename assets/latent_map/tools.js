/* What stands around the picture: buttons, menu, the line of numbers, the steps. */

import { whole } from "./colour.js";
import { TRAILS } from "./marks.js";
import { button, element, icon, still } from "./parts.js";

const SECONDS_A_STEP = 0.7;
const KEYS =
  "Wheel zooms, arrows move, + and - zoom, Home shows all, Enter picks the middle, Esc clears. " +
  "Shift-drag adds, Alt-drag subtracts.";

/** The buttons above the map; each says in its title which key does the same. */
export class Toolbar {
  constructor(map, root) {
    this.map = map;
    const modes = [
      ["pan", "Move the map", "P"],
      ["lasso", "Select with a lasso; Shift adds, Alt subtracts", "L"],
      ["box", "Select with a box; Shift adds, Alt subtracts", "B"],
    ];
    this.modes = {};
    for (const [name, title, key] of modes) {
      this.modes[name] = button(name, title, () => map.setMode(name), key);
    }
    this.undo = button("undo", "Undo the selection", () => map.chosen?.undo(), "Ctrl+Z");
    this.redo = button("redo", "Redo the selection", () => map.chosen?.redo(), "Ctrl+Shift+Z");
    this.menu = new Menu(map);
    const group = (...buttons) => element("div", { class: "lm-group" }, ...buttons);
    root.append(
      group(...Object.values(this.modes)),
      group(
        button("out", "Zoom out", () => map.zoomBy(1 / 1.6), "-"),
        button("in", "Zoom in", () => map.zoomBy(1.6), "+"),
        button("home", "Show everything", () => map.goHome(), "Home or double-click"),
      ),
      group(this.undo, this.redo),
      group(this.menu.opener),
      this.menu.root,
    );
    this.update();
  }

  update() {
    for (const [name, made] of Object.entries(this.modes)) {
      made.setAttribute("aria-pressed", String(name === this.map.mode));
    }
    this.undo.disabled = !this.map.chosen?.canUndo;
    this.redo.disabled = !this.map.chosen?.canRedo;
  }
}

/** What is wanted less often: names, legend, pictures, keys. */
class Menu {
  constructor(map) {
    this.map = map;
    this.opener = button("more", "More: names, legend, save a picture, keys", () => this.toggle());
    this.opener.setAttribute("aria-haspopup", "menu");
    this.root = element("div", { class: "lm-menu", role: "menu", hidden: true });
    this.root.addEventListener("keydown", (event) => this._key(event));
    this.root.addEventListener("focusout", (event) => {
      if (!this.root.contains(event.relatedTarget) && event.relatedTarget !== this.opener) this.close();
    });
    this.close();
  }

  toggle() {
    if (this.root.hidden) this.open();
    else this.close();
  }

  open() {
    const { map } = this;
    const line = (attributes, text, told) =>
      element("button", { type: "button", ...attributes }, text, element("em", {}, told));
    const item = (text, act, told = "") =>
      line({ role: "menuitem", onclick: () => (this.close(), act()) }, text, told);
    const check = (text, on, act, told = "") => {
      const attributes = { role: "menuitemcheckbox", "aria-checked": String(on) };
      return line({ ...attributes, onclick: () => (act(), this.open()) }, text, told);
    };
    this.root.replaceChildren(
      check("Names on the map", map.showNames, () => map.toggleNames(), "N"),
      check("Density contours", map.showDensity, () => map.toggleDensity(), "D"),
      check("Legend", map.showLegend, () => map.toggleLegend()),
      element("hr"),
      item("Zoom to the selection", () => map.zoomToSelection()),
      item("Select all that is shown", () => map.selectShown()),
      item("Invert the selection", () => map.invert()),
      element("hr"),
      item("Save as picture", () => map.savePicture(), "PNG"),
      item("Save as drawing", () => map.saveDrawing(), "SVG"),
      item(document.fullscreenElement ? "Leave full screen" : "Full screen", () => map.toggleFullScreen()),
      element("hr"),
      element("p", {}, KEYS),
      element("p", { class: "lm-quiet" }, `Drawn by the ${map.painter.name}.`),
    );
    this.root.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.root.querySelector("button").focus();
  }

  close() {
    this.root.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
  }

  _key(event) {
    event.stopPropagation();
    if (event.key === "Escape") {
      this.close();
      this.opener.focus();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const items = [...this.root.querySelectorAll("button")];
    const at = items.findIndex((each) => each.matches(":focus"));
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length].focus();
  }
}

/** How many there are, how many are shown, how many are selected. */
export class Status {
  constructor(map, root) {
    this.map = map;
    this.told = element("span");
    this.clear = button("clear", "Clear the selection", () => map.chosen.clear(), "Esc");
    root.append(this.told, this.clear);
  }

  update() {
    const { map } = this;
    const { n, shown } = map.rows;
    const noun = map.about.noun ?? "points";
    const hidden = map.selectedCount - map.selectedShown;
    this.clear.hidden = !map.selectedCount;
    const parts = [];
    if (map.selectedCount) parts.push(`${whole(map.selectedCount)} selected`);
    if (hidden) parts.push(`${whole(hidden)} of them hidden`);
    parts.push(shown < n ? `${whole(shown)} of ${whole(n)} ${noun} shown` : `${whole(n)} ${noun}`);
    const beyond = Math.max(...map.rows.panes.map((pane) => pane.beyond));
    if (beyond) parts.push(`${whole(beyond)} beyond the frame`);
    if (map.rows.stepNames.length > 1 && map.selectedShown > TRAILS) parts.push(`trails of ${TRAILS}`);
    this.told.textContent = parts.join(" · ");
  }
}

/** The scrubber: every step is here already, so that nothing is asked of the server. */
export class Steps {
  constructor(map, root) {
    this.map = map;
    this.root = root;
    this.play = button("play", "Play the steps", () => this.toggle());
    this.slider = element("input", {
      type: "range", min: 0, step: 0.01, class: "lm-slider", "aria-label": "Step",
      oninput: () => (this.stop(), map.goToStep(Number(this.slider.value))),
      onchange: () => this._land(),
      onkeydown: (event) => this._key(event),
    });
    this.marks = element("div", { class: "lm-marks-line", "aria-hidden": "true" });
    this.told = element("output", { class: "lm-step-name" });
    root.append(this.play, element("div", { class: "lm-track" }, this.marks, this.slider), this.told);
  }

  rebuild() {
    const names = this.map.rows.stepNames;
    this.root.hidden = names.length < 2;
    this.stop();
    if (this.root.hidden) return;
    this.slider.max = names.length - 1;
    this.marks.replaceChildren(...(names.length <= 60 ? names.map(() => element("i")) : []));
    this.told.style.minWidth = `${Math.min(24, Math.max(...names.map((name) => name.length)) + 0.5)}ch`;
    this.update();
  }

  update() {
    if (this.root.hidden) return;
    const { step, rows } = this.map;
    const name = rows.stepNames[Math.round(step)];
    this.slider.value = step;
    this.slider.style.setProperty("--done", `${(100 * step) / (rows.stepNames.length - 1)}%`);
    this.slider.setAttribute("aria-valuetext", name);
    this.told.textContent = name;
  }

  _key(event) {
    event.stopPropagation();
    const last = this.map.rows.stepNames.length - 1;
    const at = Math.round(this.map.step);
    const [before, after] = [at - 1, at + 1];
    const to = {
      ArrowLeft: before, ArrowDown: before, ArrowRight: after, ArrowUp: after, Home: 0, End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.stop();
    this.map.glideToStep(Math.max(0, Math.min(last, to)));
  }

  /** Let go between two steps: lie at the nearer one. */
  _land() {
    this.map.glideToStep(Math.round(Number(this.slider.value)));
  }

  toggle() {
    if (this.playing) this.stop();
    else this._start();
  }

  _start() {
    const { map } = this;
    const last = map.rows.stepNames.length - 1;
    if (map.step >= last) map.goToStep(0);
    this.playing = true;
    this._say("pause", "Pause");
    let before = performance.now();
    const tick = (now) => {
      if (!this.playing || map.destroyed) return;
      // A frame's time may lie before the click that began it.
      const passed = Math.max(0, now - before) / (1000 * SECONDS_A_STEP);
      const jump = still() ? Math.floor(passed) : passed;
      if (jump) {
        before = now;
        map.goToStep(Math.min(last, map.step + jump));
      }
      if (map.step < last) requestAnimationFrame(tick);
      else this.stop();
    };
    requestAnimationFrame(tick);
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this._say("play", "Play the steps");
    this.map.glideToStep(Math.round(this.map.step));
  }

  _say(name, title) {
    this.play.replaceChildren(icon(name));
    this.play.title = title;
    this.play.setAttribute("aria-label", title);
  }
}
