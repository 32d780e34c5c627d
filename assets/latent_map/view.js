/* Where the world's points fall on the screen: one view a pane. */

const MARGIN = 34;
const FARTHEST = 0.02;
const NEAREST = 4000;

/** Centre and zoom over a rectangle of the canvas. Zoom 1 shows everything; y points up. */
export class View {
  constructor() {
    this.rect = { x: 0, y: 0, width: 1, height: 1 };
    this.bounds = [0, 0, 1, 1];
    this.equal = true;
    this.home();
  }

  /** Show the whole of the bounds. */
  home() {
    const [left, low, right, high] = this.bounds;
    this.x = (left + right) / 2;
    this.y = (low + high) / 2;
    this.zoom = 1;
  }

  get isHome() {
    const [left, low, right, high] = this.bounds;
    return this.zoom === 1 && this.x === (left + right) / 2 && this.y === (low + high) / 2;
  }

  /** Pixels per unit, across and up, at zoom 1. */
  get base() {
    const [left, low, right, high] = this.bounds;
    const across = Math.max(this.rect.width - 2 * MARGIN, 40) / (right - left || 1);
    const up = Math.max(this.rect.height - 2 * MARGIN, 40) / (high - low || 1);
    const least = Math.min(across, up);
    return this.equal ? [least, least] : [across, up];
  }

  get scale() {
    return this.base.map((pixels) => pixels * this.zoom);
  }

  toScreen(x, y) {
    const [across, up] = this.scale;
    const { rect } = this;
    return [
      rect.x + rect.width / 2 + (x - this.x) * across,
      rect.y + rect.height / 2 - (y - this.y) * up,
    ];
  }

  toWorld(left, top) {
    const [across, up] = this.scale;
    const { rect } = this;
    return [
      this.x + (left - rect.x - rect.width / 2) / across,
      this.y - (top - rect.y - rect.height / 2) / up,
    ];
  }

  pan(right, down) {
    const [across, up] = this.scale;
    this.x -= right / across;
    this.y += down / up;
  }

  /** Zoom so that what lies under this place of the screen stays there. */
  zoomAt(left, top, factor) {
    const zoom = Math.min(NEAREST, Math.max(FARTHEST, this.zoom * factor));
    const [x, y] = this.toWorld(left, top);
    this.zoom = zoom;
    const [newX, newY] = this.toWorld(left, top);
    this.x += x - newX;
    this.y += y - newY;
  }

  /** Show these bounds, with some room around them. */
  frame([left, low, right, high]) {
    const [across, up] = this.base;
    const { rect } = this;
    const fit = Math.min(
      (rect.width * 0.6) / Math.max((right - left) * across, 1),
      (rect.height * 0.6) / Math.max((high - low) * up, 1),
    );
    this.zoom = Math.min(NEAREST, Math.max(1, Math.min(fit, 40)));
    this.x = (left + right) / 2;
    this.y = (low + high) / 2;
  }

  /** The middle of the rectangle. */
  get middle() {
    const { x, y, width, height } = this.rect;
    return [x + width / 2, y + height / 2];
  }

  contains(left, top) {
    const { rect } = this;
    return (
      left >= rect.x && left < rect.x + rect.width && top >= rect.y && top < rect.y + rect.height
    );
  }

  /** Left, low, right, high of what is seen. */
  get seen() {
    const { x, y, width, height } = this.rect;
    const [left, high] = this.toWorld(x, y);
    const [right, low] = this.toWorld(x + width, y + height);
    return [left, low, right, high];
  }

  get state() {
    return { x: this.x, y: this.y, zoom: this.zoom };
  }

  set state({ x, y, zoom }) {
    Object.assign(this, { x, y, zoom });
  }
}
