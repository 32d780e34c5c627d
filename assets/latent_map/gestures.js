/* What pointer, wheel and keys mean. */

const CLICK = 4;

/** Listens on the stage and tells the map; holds nothing but the gesture that is under way. */
export class Gestures {
  constructor(map) {
    const { stage } = map;
    this.map = map;
    this.stage = stage;
    this.fingers = new Map();
    this.drag = null;
    const listen = (event, act, options) => {
      stage.addEventListener(event, (told) => act.call(this, told), options);
    };
    listen("pointerdown", this._down);
    listen("pointermove", this._move);
    listen("pointerup", this._up);
    listen("pointercancel", this._cancel);
    listen("pointerleave", () => map.pointing.at(null));
    listen("dblclick", () => map.goHome());
    listen("contextmenu", (event) => this.drag && event.preventDefault());
    listen("wheel", this._wheel, { passive: false });
    // Also while the focus is on a button or in the legend.
    map.root.addEventListener("keydown", (event) => this._key(event));
  }

  _place(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  _down(event) {
    if (event.button > 1) return;
    this.stage.focus({ preventScroll: true });
    const place = this._place(event);
    const pane = this.map.paneAt(...place);
    if (!pane) return;
    this.stage.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, place);
    if (this.fingers.size === 2) return this._beginPinch();
    // Shift or Alt in the hand's mode is a lasso: no need to change modes for one selection.
    const selects = this.map.mode !== "pan" || event.shiftKey || event.altKey;
    const kind = event.button === 1 || !selects ? "pan" : this.map.mode === "box" ? "box" : "lasso";
    this.drag = { kind, pane, from: place, last: place, points: [place], how: howOf(event), moved: false };
  }

  _move(event) {
    const place = this._place(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, place);
    if (this.pinch) return this._pinched();
    if (!this.drag) return this.map.pointing.at(place);
    const { drag } = this;
    if (!drag.moved && distance(place, drag.from) < CLICK) return;
    if (!drag.moved) this.map.pointing.at(null);
    drag.moved = true;
    if (drag.kind === "pan") {
      drag.pane.view.pan(place[0] - drag.last[0], place[1] - drag.last[1]);
      this.map.viewMoved(drag.pane);
    } else {
      this._outline(drag, place, event);
    }
    drag.last = place;
  }

  _outline(drag, place, event) {
    const { rect } = drag.pane.view;
    const [left, top] = [
      Math.min(rect.x + rect.width, Math.max(rect.x, place[0])),
      Math.min(rect.y + rect.height, Math.max(rect.y, place[1])),
    ];
    drag.how = howOf(event);
    if (drag.kind === "box") {
      const [x, y] = drag.from;
      drag.points = [[x, y], [left, y], [left, top], [x, top]];
    } else if (distance([left, top], drag.points.at(-1)) >= 2) {
      drag.points.push([left, top]);
    }
    this.map.drawOutline({ points: drag.points, how: drag.how });
  }

  _up(event) {
    this.fingers.delete(event.pointerId);
    if (this.pinch) return this._endPinch();
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    this.map.drawOutline(null);
    if (!drag.moved) this.map.pointing.clicked(this._place(event), howOf(event));
    else if (drag.kind === "pan") this.map.viewRests();
    else if (drag.points.length > 2) this.map.selectInside(drag.pane, drag.points, drag.how);
  }

  _cancel(event) {
    this.fingers.delete(event.pointerId);
    this.pinch = this.drag = null;
    this.map.drawOutline(null);
  }

  /** Give up the outline under way; false if there is none. */
  cancel() {
    if (!this.drag || this.drag.kind === "pan") return false;
    this.drag = null;
    this.map.drawOutline(null);
    return true;
  }

  _beginPinch() {
    const [a, b] = [...this.fingers.values()];
    this.drag = null;
    this.map.drawOutline(null);
    this.pinch = { pane: this.map.paneAt(...a), a, b };
  }

  _pinched() {
    const [a, b] = [...this.fingers.values()];
    const { pinch } = this;
    const middle = (p, q) => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
    const [before, after] = [middle(pinch.a, pinch.b), middle(a, b)];
    pinch.pane.view.pan(after[0] - before[0], after[1] - before[1]);
    pinch.pane.view.zoomAt(...after, distance(a, b) / Math.max(1, distance(pinch.a, pinch.b)));
    Object.assign(pinch, { a, b });
    this.map.viewMoved(pinch.pane);
  }

  _endPinch() {
    this.pinch = null;
    this.map.viewRests();
  }

  _wheel(event) {
    const place = this._place(event);
    const pane = this.map.paneAt(...place);
    if (!pane) return;
    // Seen whole, the map lets go of the wheel, so that it does not catch whoever scrolls the page.
    if (pane.view.zoom <= 1 && event.deltaY > 0 && !event.ctrlKey) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 300 : 1;
    const turn = Math.max(-240, Math.min(240, event.deltaY * lines));
    pane.view.zoomAt(...place, Math.exp(-turn * (event.ctrlKey ? 0.01 : 0.002)));
    this.map.viewMoved(pane);
    this.map.viewRests();
  }

  _key(event) {
    const act = this._meaning(event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // the page around has keys of its own
    act();
  }

  _meaning(event) {
    const { map } = this;
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (command) {
      if (key === "z") return () => (event.shiftKey ? map.chosen.redo() : map.chosen.undo());
      return key === "y" ? () => map.chosen.redo() : null;
    }
    if (event.altKey || (event.target !== this.stage && /^(Arrow|Enter|Home)/.test(key))) return null;
    const step = event.shiftKey ? 10 : 60;
    return {
      ArrowLeft: () => map.panBy(step, 0),
      ArrowRight: () => map.panBy(-step, 0),
      ArrowUp: () => map.panBy(0, step),
      ArrowDown: () => map.panBy(0, -step),
      "+": () => map.zoomBy(1.4),
      "=": () => map.zoomBy(1.4),
      "-": () => map.zoomBy(1 / 1.4),
      Home: () => map.goHome(),
      Enter: () => map.pointing.focusMiddle(),
      Escape: () => map.escape(),
      l: () => map.setMode("lasso"),
      b: () => map.setMode("box"),
      p: () => map.setMode("pan"),
      n: () => map.toggleNames(),
      d: () => map.toggleDensity(),
    }[key];
  }
}

function distance([x, y], [otherX, otherY]) {
  return Math.hypot(x - otherX, y - otherY);
}

function howOf(event) {
  return event.altKey ? "subtract" : event.shiftKey ? "add" : "replace";
}
