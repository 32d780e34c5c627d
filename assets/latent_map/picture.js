/* The picture: canvases, painter, theme, size, and when what is drawn. */

import { readTheme } from "./colour.js";
import { fitted } from "./geometry.js";
import { drawMarks } from "./marks.js";
import { CpuPainter } from "./paint_cpu.js";
import { GpuPainter } from "./paint_gpu.js";
import { debounced, element, still } from "./parts.js";
import { nextVersion } from "./rows.js";
import { STYLE } from "./style.js";

/** While the view moves, a frame may take this long; points that would take longer wait until it rests. */
const FRAME = 26;
const REST = 140;
const LOST = 3000;
const GLIDE = 260;
const MORPH = 800;
const MOST_MORPHED = 200_000;
const MOST_NAMED = 1500;
const NARROW = 560;

/** Draws `this.rows` coloured by `this.scale`; `LatentMap` says what these are. */
export class Picture {
  constructor(host, painter) {
    this.host = host;
    this.rows = null;
    this.palette = Uint32Array.of(0);
    this.size = { width: 1, height: 1 };
    this.dpr = 1;
    this.dirty = { points: false, marks: false };
    this.share = 0.01;
    this.moving = false;
    this.changing = false;
    this.glides = new Set();
    this.waiting = [];
    this._rested = debounced(() => this._rest(), REST);
    this._build(painter);
  }

  _build(painter) {
    const hidden = { "aria-hidden": "true" };
    this.marks = element("canvas", { class: "lm-marks", ...hidden });
    const spoken = { role: "application", "aria-roledescription": "map" };
    this.stage = element("div", { class: "lm-stage", tabindex: 0, ...spoken });
    this.toolbar = element("div", { class: "lm-toolbar", role: "toolbar", "aria-label": "Map tools" });
    this.status = element("div", { class: "lm-status" });
    this.noteBox = element("div", { class: "lm-note", role: "status" });
    this.live = element("div", { class: "lm-live", "aria-live": "polite" });
    this.legendBox = element("aside", { class: "lm-legend", hidden: true });
    this.stepsBox = element("div", { class: "lm-steps", hidden: true });
    const probe = element("i", { class: "lm-probe", ...hidden });
    const view = element("div", { class: "lm-view" }, this.stage, this.toolbar, this.status, this.noteBox);
    const left = element("div", { class: "lm-left" }, view, this.stepsBox);
    this.root = element("div", { class: "lm" }, left, this.legendBox, this.live, probe);
    this.root.latentMap = this;
    this.stage.append(this.marks);
    const box = element("div", { class: "lm-host" }, this.root);
    this.host.append(element("style", {}, STYLE), box);
    this._choosePainter(painter);
    // A transition of the probe's colours is how the page tells that its theme has changed.
    probe.addEventListener("transitionend", () => this.themeChanged());
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.stage);
    this.theme = readTheme(this.root);
  }

  /** WebGL where it is real; the processor where it is missing, broken or only emulated. */
  _choosePainter(wanted) {
    const canvas = () => element("canvas", { class: "lm-points", "aria-hidden": "true" });
    this.points?.remove();
    this.points = canvas();
    this.painter = null;
    try {
      if (wanted !== "cpu") this.painter = GpuPainter.on(this.points, wanted === "gpu");
    } catch (error) {
      console.warn(error);
    }
    if (!this.painter) {
      this.points = canvas(); // a canvas that was asked for WebGL may refuse anything else
      this.painter = new CpuPainter(this.points);
    }
    this.timing = false;
    this.painter.onRestored = () => {
      this.timing = false;
      this.invalidate();
    };
    this.painter.onLost = () => setTimeout(() => this._replaceLost(), LOST);
    this.stage.prepend(this.points);
  }

  /** A card that does not come back (a driver that crashed) must not leave an empty map. */
  _replaceLost() {
    if (this.destroyed || !this.painter.lost) return;
    this._choosePainter("cpu");
    this.invalidate();
  }

  destroy() {
    this.destroyed = true;
    this.observer.disconnect();
    this._rested.cancel();
    this.painter.destroy();
    this.host.replaceChildren();
  }

  // -- theme and size --------------------------------------------------------------------------------

  themeChanged() {
    this.theme = readTheme(this.root);
    this.recolour();
  }

  /** The palette again: another theme, scale or emphasis. */
  recolour() {
    this.palette = this.scale?.palette(this.theme) ?? this.palette;
    this.paletteVersion = nextVersion();
    this.invalidate();
  }

  resized() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height || this.destroyed) return;
    this.size = { width, height };
    this.layOut();
    this._draw();
  }

  /** Give each pane its rectangle: side by side, or one above the other where it is narrow. */
  layOut() {
    const { width, height } = this.size;
    const panes = this.rows?.panes ?? [];
    const stacked = width < NARROW;
    panes.forEach((pane, place) => {
      const edge = (number) => Math.round(((stacked ? height : width) * number) / panes.length);
      const [from, length] = [edge(place), edge(place + 1) - edge(place)];
      pane.view.rect = stacked
        ? { x: 0, y: from, width, height: length }
        : { x: from, y: 0, width: length, height };
    });
    this.invalidate();
  }

  paneAt(left, top) {
    return this.rows?.panes.find((pane) => pane.view.contains(left, top));
  }

  // -- drawing ---------------------------------------------------------------------------------------

  /** Draw again in the next frame: everything, or the marks alone. */
  invalidate(points = true) {
    this.dirty.marks = true;
    this.dirty.points ||= points;
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      if (this.destroyed) return;
      for (const glide of this.glides) glide(now);
      this._draw();
      if (this.glides.size) this.invalidate(false);
    });
  }

  /** Resolves once what is to be drawn has been drawn. */
  drawn() {
    if (!this.frame) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  _draw() {
    this.dpr = window.devicePixelRatio || 1;
    if (this.rows && this.dirty.points) this._drawPoints();
    if (this.dirty.marks) this._drawMarks();
    this.dirty = { points: false, marks: false };
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  _drawPoints() {
    const { moving } = this;
    const start = performance.now();
    this.painter.paint(this.scene(moving ? this.share : 1));
    if (this.timing) return;
    this.timing = true;
    this.painter.whenDone(() => {
      this.timing = false;
      const fits = FRAME / Math.max(1, performance.now() - start);
      // Of a whole picture one learns what a frame has room for; while it moves one corrects that.
      const wanted = moving ? this.share * Math.min(1.5, Math.max(0.5, fits)) : Math.max(fits, this.share);
      this.share = Math.min(1, Math.max(0.01, wanted));
    });
  }

  _drawMarks() {
    const { marks, dpr } = this;
    const { width, height } = this.size;
    const [across, down] = [Math.round(width * dpr), Math.round(height * dpr)];
    if (marks.width !== across || marks.height !== down) Object.assign(marks, { width: across, height: down });
    const context = marks.getContext("2d");
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, width, height);
    drawMarks(context, this);
  }

  /** What painters need. `share` of the points is drawn, an even sample. */
  scene(share = 1) {
    const { rows, theme } = this;
    const { shade, flags, sizes, panes, versions } = rows;
    return {
      ...this.size,
      dpr: this.dpr,
      background: theme.background.map(Math.round),
      faint: theme.faint,
      palette: this.palette,
      shade, flags, sizes,
      versions: { ...versions, palette: this.paletteVersion },
      panes: panes.map((pane) => ({ ...pane, layers: this._layers(pane, share) })),
    };
  }

  /**
   * How large and how opaque. Few points are large and full; many are small; the more they overlap the
   * more they let through, so that a crowd reads as a crowd. Zooming in thins the crowd out.
   */
  _layers(pane, share) {
    const { rows } = this;
    const { view } = pane;
    const count = Math.ceil(rows.n * share);
    const room = Math.min(1.1, Math.max(0.75, Math.sqrt(Math.min(view.rect.width, view.rect.height) / 640)));
    const base = Math.min(5.2, Math.max(1.15, 11.5 * Math.max(1, rows.shown) ** -0.165));
    const radius = Math.min(7.5, base * room * Math.max(1, view.zoom) ** 0.3);
    const [across, up] = view.scale;
    const crowding = pane.crowding / Math.max(1, rows.n) / (across * up);
    const overlap = (of) => crowding * of * Math.PI * radius * radius;
    const opacity = (of) => Math.min(0.9, Math.max(0.16, 1.02 / (1 + 0.55 * overlap(of)) ** 0.5));
    const fuller = (alpha) => Math.min(0.95, 1 - (1 - alpha) ** (1 / share));
    if (!this.selectedCount) return [{ pass: 0, count, radius, alpha: fuller(opacity(rows.shown)) }];
    const selected = Math.min(0.95, 1.15 * opacity(this.selectedShown));
    return [
      { pass: 1, count, radius: 0.92 * radius, alpha: fuller(0.75 * opacity(rows.shown)) },
      { pass: 2, count, radius: 1.15 * radius + 0.1, alpha: fuller(selected) },
    ];
  }

  // -- motion ----------------------------------------------------------------------------------------

  /** Something moves: draw as much as a frame allows, and all of it once it rests. */
  move() {
    this.moving = true;
    this.invalidate();
    this._rested();
  }

  _rest() {
    if (this.destroyed) return;
    this.moving = false;
    this.changing = false;
    this.invalidate();
    this.atRest?.();
  }

  /** Call `act` with 0 to 1 over some time; with less motion, with 1 at once. */
  glide(milliseconds, act) {
    if (still()) {
      act(1);
      return this.invalidate();
    }
    let start = 0;
    const step = (now) => {
      start ||= now;
      const share = Math.min(1, (now - start) / milliseconds);
      act(share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2);
      this.move();
      if (share === 1) this.glides.delete(step);
    };
    this.glides.add(step);
    this.invalidate();
    return () => this.glides.delete(step);
  }

  /** Change views smoothly: `act(pane)` sets the goal. */
  lookAt(act) {
    this.stopLooking?.();
    const flights = this.rows.panes.map((pane) => {
      const from = pane.view.state;
      act(pane);
      const to = pane.view.state;
      pane.view.state = from;
      return { pane, from, to };
    });
    this.stopLooking = this.glide(GLIDE, (share) => {
      for (const { pane, from, to } of flights) {
        const mixed = (name) => from[name] + (to[name] - from[name]) * share;
        const zoom = from.zoom * (to.zoom / from.zoom) ** share;
        pane.view.state = share === 1 ? to : { x: mixed("x"), y: mixed("y"), zoom };
      }
    });
  }

  /** Let the points travel from where they were (`{xy, bounds}` a pane) to where they are now. */
  morph(before) {
    this.stopMorph?.();
    const { panes, n } = this.rows;
    if (before.length !== panes.length || n > MOST_MORPHED) return this.invalidate();
    const goals = panes.map((pane) => pane.xy);
    // Both pictures filled the pane; in the new one's units the old one starts as large as it was.
    const starts = before.map(({ xy, bounds }, place) => fitted(xy, bounds, panes[place].bounds));
    this.stopMorph = this.glide(MORPH, (share) => {
      this.changing = share < 1;
      panes.forEach((pane, place) => {
        if (share === 1) pane.moveTo(this.step);
        else pane.blend(starts[place], goals[place], share);
      });
    });
  }

  // -- what marks ask for ----------------------------------------------------------------------------

  /** Where the names of the categories are written: `{x, y, text, colour, weight}`. */
  anchorsOf(pane) {
    const named = this.labels ?? (this.scale.kind === "categories" ? this.scale : null);
    if (!named || named.names.length > MOST_NAMED) return [];
    const last = pane.steps.length - 1;
    const below = Math.min(last, Math.floor(this.step));
    const share = Math.min(last, this.step) - below;
    const from = pane.anchorsAt(below, named, this.rows);
    const to = share ? pane.anchorsAt(below + 1, named, this.rows) : null;
    return from.flatMap((anchor, code) => {
      if (!anchor) return [];
      const next = to?.[code] ?? anchor;
      const [x, y] = [0, 1].map((axis) => anchor[axis] + (next[axis] - anchor[axis]) * share);
      const colour = named.key === this.scale.key ? this.scale.colour(code, this.theme) : this.theme.text;
      return [{ x, y, text: named.names[code], colour, weight: anchor[2] }];
    });
  }

  // -- words -----------------------------------------------------------------------------------------

  /** Say something over the map; nothing takes it away. */
  note(text = "", action = null) {
    this.noteBox.replaceChildren();
    this.noteBox.hidden = !text;
    if (text) this.noteBox.append(element("span", {}, text));
    if (action) this.noteBox.append(element("button", { type: "button", onclick: action.act }, action.name));
  }

  /** Tell those who hear the page what has happened. */
  announce(text) {
    this.live.textContent = text;
  }
}
