/* The latent map: takes messages, keeps the selection, tells what a person did. */

import { pack, unpack } from "./bits.js";
import { Chosen } from "./chosen.js";
import { whole } from "./colour.js";
import { boundsOf, insideOf } from "./geometry.js";
import { Gestures } from "./gestures.js";
import { Legend } from "./legend.js";
import { debounced, download } from "./parts.js";
import { Picture } from "./picture.js";
import { Pointing } from "./pointing.js";
import { Rows, Texts, Windows } from "./rows.js";
import { pngOf, svgOf } from "./save.js";
import { scaleOf } from "./scale.js";
import { Status, Steps, Toolbar } from "./tools.js";

const TELL = 60;
const RAISE = 90;
const GLIDE_STEP = 220;
const NARROW_LEGEND = 640;

/** What outlives a map that leaves the page, by the map's key: a visit to another page loses nothing. */
const REMEMBERED = new Map();

/**
 * A scatter of up to a million rows.
 *
 * `show` takes messages, each of which may come alone and leaves the view as it is: about, points,
 * labels, colour, sizes, visible, selection, overlays, numbers, texts (`feed.js` says what is in them).
 * `onChange` is called with `{rows, base, packed, count, focus, step, view}` when a person selects,
 * focuses or steps.
 */
export class LatentMap extends Picture {
  constructor(host, { painter = "auto", key = null, onChange = () => {} } = {}) {
    super(host, painter);
    Object.assign(this, { key, onChange, overlays: {}, about: {}, labels: null, texts: null, numbers: null });
    Object.assign(this, { mode: "pan", showNames: true, showLegend: true, showDensity: false });
    Object.assign(this, { step: 0, visible: null, base: null });
    Object.assign(this, { selectedCount: 0, selectedShown: 0 });
    this.scale = null;
    this.tell = debounced(() => this.destroyed || this.onChange(this.state), TELL);
    this.raise = debounced((code) => this._raise(code), RAISE);
    this.pointing = new Pointing(this);
    this.legend = new Legend(this, this.legendBox);
    this.tools = new Toolbar(this, this.toolbar);
    this.counts = new Status(this, this.status);
    this.scrubber = new Steps(this, this.stepsBox);
    this.gestures = new Gestures(this);
    this.status.hidden = true;
    // There the legend lies over the map.
    this.showLegend = this.root.clientWidth > NARROW_LEGEND || !this.root.clientWidth;
    this.note("Loading the map …");
  }

  destroy() {
    if (this.rows) this._remember();
    super.destroy();
  }

  /** Something could not be shown: say so, with a way out. */
  fail(error) {
    console.warn(error);
    const again = { name: "Try again", act: () => this.onRetry?.() };
    this.note(`The map could not be loaded: ${error.message}.`, again);
  }

  // -- messages --------------------------------------------------------------------------------------

  /** @param messages any of the parts; what is left out stays as it is. */
  show(messages) {
    for (const [part, message] of Object.entries(messages)) SHOW[part].call(this, message);
  }

  _showAbout(about) {
    this.about = about;
    this.axes = about.axes;
    this.invalidate();
    this.stage.setAttribute("aria-label", about.alt);
  }

  _showPoints(points) {
    if (this.rows?.id === points.rows && this.rows.n === points.n) return this._placeAnew(points);
    this.rows = new Rows(points);
    this.scale = scaleOf(null, this.rows);
    this.chosen = new Chosen(points.n, () => this._chosenChanged());
    this.pointing.forget();
    Object.assign(this, { labels: null, visible: null, texts: null, numbers: null, step: 0, base: null });
    this._recall();
    this.layOut();
    this.scrubber.rebuild();
    this.status.hidden = false;
    this._colourBy(this.scale);
    this.note();
  }

  /** Other coordinates of the same rows: what is selected stays so, and the points travel. */
  _placeAnew(points) {
    const before = this.rows.panes.map(({ xy, bounds, view }) => {
      return { xy: xy.slice(), bounds, state: view.state };
    });
    this.rows.place(points);
    this.step = Math.min(this.step, points.steps.length - 1);
    this.rows.panes.forEach((pane, place) => {
      pane.moveTo(this.step);
      // In the same frame one wants to go on looking at the same place.
      if (String(before[place]?.bounds) === String(pane.bounds)) pane.view.state = before[place].state;
    });
    this.layOut();
    this.scrubber.rebuild();
    this._refilter();
    this.morph(before);
  }

  _showLabels(message) {
    this.labels = message && scaleOf(message, this.rows);
    this.invalidate(false);
  }

  _showColour(message) {
    const scale = scaleOf(message, this.rows);
    // The same scale with other numbers keeps what a person has filtered.
    if (scale.kind !== "plain" && scale.key === this.scale.key) {
      const { range, hidden } = this.scale;
      Object.assign(scale, scale.kind === "values" ? { range } : { hidden });
    }
    this._colourBy(scale);
  }

  _colourBy(scale) {
    this.scale = scale;
    this.rows.set("shade", scale.shade);
    this.recolour();
    this._refilter(true);
  }

  _showSizes(levels) {
    this.rows.set("sizes", levels ? this.rows.ordered(levels) : new Uint8Array(this.rows.n).fill(8));
    this.invalidate();
  }

  _showVisible(bits) {
    this.visible = bits;
    this._refilter();
  }

  /** A selection that Python made; the same version never counts twice, so that a rerun undoes nothing. */
  _showSelection(message) {
    if (message.version === this.base) return this.recalled && this.tell();
    const first = this.base === null;
    this.base = message.version;
    if (message.packed === null) return;
    const bits = unpack(message.packed, this.rows.n);
    if (message.focus !== null) this.pointing.focus = message.focus;
    if (first && !this.chosen.canUndo) this.chosen.begin(bits);
    else this.chosen.choose(bits);
    this.tell.cancel(); // it is what the other side told
    this.invalidate(false);
    if (message.zoom) this.zoomToSelection();
  }

  _showOverlays(overlays) {
    this.overlays = overlays ?? {};
    this.invalidate(false);
  }

  _showNumbers(numbers) {
    this.numbers = numbers;
  }

  _showTexts(told) {
    if (told?.window) this.texts = new Windows(told, () => this.pointing.again());
    else this.texts = told && new Texts(told);
  }

  // -- memory ----------------------------------------------------------------------------------------

  _remember() {
    if (this.key === null) return;
    const { rows, chosen, step, mode, base, showNames, showLegend, showDensity } = this;
    const views = rows.panes.map(({ bounds, view }) => ({ bounds: String(bounds), state: view.state }));
    const kept = { step, mode, base, showNames, showLegend, showDensity };
    const { past, future } = chosen;
    const { focus } = this.pointing;
    REMEMBERED.set(this.key, { rows: rows.id, n: rows.n, views, kept, past, future, focus });
  }

  _recall() {
    const memory = REMEMBERED.get(this.key);
    if (memory?.rows !== this.rows.id || memory.n !== this.rows.n) return;
    Object.assign(this, memory.kept, { recalled: true });
    Object.assign(this.chosen, { past: memory.past, future: memory.future });
    this.pointing.focus = memory.focus;
    this.step = Math.min(this.step, this.rows.stepNames.length - 1);
    this.rows.panes.forEach((pane, place) => {
      pane.moveTo(this.step);
      if (memory.views[place]?.bounds === String(pane.bounds)) pane.view.state = memory.views[place].state;
    });
    this.setMode(this.mode);
  }

  /** What the other side wants to know. */
  get state() {
    const { rows, base, step } = this;
    const { focus } = this.pointing;
    const state = { rows: rows.id, base, focus, step: Math.round(step), count: this.selectedCount };
    state.packed = this.selectedCount ? pack(this.chosen.now) : null;
    if (this.about.report?.includes("view")) state.view = rows.panes.map((pane) => pane.view.seen);
    return state;
  }

  // -- filter and selection --------------------------------------------------------------------------

  _refilter(newLegend = false) {
    const { rows, scale, visible } = this;
    const hidden = (slot) => scale.hides(slot) || (visible && !visible.has(rows.rowOf[slot]));
    this.selectedCount = this.chosen.now.count;
    rows.mark(scale.filtered || visible ? hidden : null, this.selectedCount ? this.chosen.now : null);
    this.selectedShown = 0;
    if (this.selectedCount) for (const flag of rows.flags) this.selectedShown += flag === 2;
    if (newLegend) this.legend.rebuild();
    else this.legend.update();
    this.counts.update();
    this.tools.update();
    this.invalidate();
  }

  /** While a filter is being dragged. */
  filterChanging() {
    this._refilter();
  }

  filterChanged() {
    this.recolour();
    this._refilter();
    this.announce(`${whole(this.rows.shown)} of ${whole(this.rows.n)} shown`);
  }

  _raise(code) {
    if (this.destroyed || this.scale.raised === code) return;
    this.scale.raised = code;
    this.recolour();
  }

  _chosenChanged() {
    this._refilter();
    this.announce(`${whole(this.selectedCount)} selected`);
    this.tell();
  }

  selectInside(pane, outline, how) {
    const world = outline.map(([left, top]) => pane.view.toWorld(left, top));
    this.chosen.combine(this.rows.within(pane, insideOf(world)), how);
  }

  selectShown() {
    this.chosen.choose(this._shown());
  }

  invert() {
    this.chosen.choose(this._shown().minus(this.chosen.now));
  }

  _shown() {
    return this.rows.within(this.rows.panes[0], () => true);
  }

  escape() {
    if (this.gestures.cancel()) return;
    if (this.selectedCount) this.chosen.clear();
    else this.pointing.setFocus(null);
  }

  // -- pointer and keys ------------------------------------------------------------------------------

  drawOutline(outline) {
    this.outline = outline;
    this.invalidate(false);
  }

  viewMoved() {
    this.pointing.card.hide();
    this.move();
  }

  viewRests() {
    if (this.about.report?.includes("view")) this.tell();
  }

  panBy(right, down) {
    this.lookAt((pane) => pane.view.pan(right, down));
    this.viewRests();
  }

  zoomBy(factor) {
    this.lookAt(({ view }) => view.zoomAt(...view.middle, factor));
    this.viewRests();
  }

  goHome() {
    this.lookAt((pane) => pane.view.home());
    this.viewRests();
  }

  zoomToSelection() {
    const slots = this.rows.selectedSlots();
    if (!slots.length) return;
    this.lookAt((pane) => pane.view.frame(boundsOf(pane.xy, slots)));
    this.viewRests();
  }

  setMode(mode) {
    this.mode = mode;
    this.root.dataset.mode = mode;
    this.tools.update();
  }

  toggleNames() {
    this.showNames = !this.showNames;
    this.invalidate(false);
  }

  toggleDensity() {
    this.showDensity = !this.showDensity;
    this.invalidate(false);
  }

  toggleLegend() {
    this.showLegend = !this.showLegend;
    this.legend.rebuild();
  }

  toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  // -- steps -----------------------------------------------------------------------------------------

  /** Go to a step, or between two; nobody is told until it rests. */
  goToStep(step) {
    this.step = step;
    this.changing = true;
    for (const pane of this.rows.panes) if (pane.steps.length > 1) pane.moveTo(step);
    this.scrubber.update();
    this.pointing.card.hide();
    this.move();
  }

  glideToStep(to) {
    const from = this.step;
    this.stopStepping?.();
    if (from === to) return;
    this.stopStepping = this.glide(GLIDE_STEP, (share) => {
      this.goToStep(share === 1 ? to : from + (to - from) * share);
    });
  }

  atRest() {
    // Something else may lie under the pointer now.
    if (this.pointing.place) this.pointing.at(this.pointing.place);
    const step = Math.round(this.step);
    if (!this.about.report?.includes("step") || step === this.toldStep || this.scrubber.playing) return;
    this.toldStep = step;
    this.tell();
  }

  // -- pictures --------------------------------------------------------------------------------------

  async savePicture() {
    download(await pngOf(this), `${this.about.file}.png`, "image/png");
  }

  saveDrawing() {
    download(svgOf(this), `${this.about.file}.svg`, "image/svg+xml");
  }
}

const SHOW = {
  about: LatentMap.prototype._showAbout,
  points: LatentMap.prototype._showPoints,
  labels: LatentMap.prototype._showLabels,
  colour: LatentMap.prototype._showColour,
  sizes: LatentMap.prototype._showSizes,
  visible: LatentMap.prototype._showVisible,
  selection: LatentMap.prototype._showSelection,
  overlays: LatentMap.prototype._showOverlays,
  numbers: LatentMap.prototype._showNumbers,
  texts: LatentMap.prototype._showTexts,
};
