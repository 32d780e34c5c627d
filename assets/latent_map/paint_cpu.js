/*
 * Points by the processor: the same picture as WebGL's, mixed into an image.
 *
 * Where there is no graphics card, browsers emulate WebGL, and the emulation pays about a microsecond a
 * point. These loops take a tenth of that, so they draw where WebGL would only be emulated, and every
 * exported picture.
 */

/** Positions within a pixel are rounded to a quarter: a disc then is one of 16 masks. */
const QUARTER = 4;

export class CpuPainter {
  constructor(canvas) {
    this.name = "processor";
    this.canvas = canvas;
    this.masks = new Map();
  }

  /** Draw a scene (see `LatentMap._scene`). */
  paint(scene) {
    const { canvas } = this;
    const width = Math.max(1, Math.round(scene.width * scene.dpr));
    const height = Math.max(1, Math.round(scene.height * scene.dpr));
    if (canvas.width !== width || canvas.height !== height || !this.image) {
      Object.assign(canvas, { width, height });
      this.context = canvas.getContext("2d", { alpha: false });
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    const [red, green, blue] = scene.background;
    this.pixels.fill((255 << 24 | blue << 16 | green << 8 | red) >>> 0);
    for (const pane of scene.panes) for (const layer of pane.layers) this._layer(scene, pane, layer);
    this.context.putImageData(this.image, 0, 0);
  }

  _layer(scene, pane, layer) {
    const { dpr, shade, flags, sizes, palette } = scene;
    const { xy } = pane;
    const { rect, scale } = pane.view;
    const box = [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height].map((at) => Math.round(at * dpr));
    const [left, top, right, bottom] = box;
    const across = scale[0] * dpr;
    const up = scale[1] * dpr;
    const originX = (rect.x + rect.width / 2) * dpr - pane.view.x * across;
    const originY = (rect.y + rect.height / 2) * dpr + pane.view.y * up;
    const [faintRed, faintGreen, faintBlue] = scene.faint.map(Math.round);
    const faint = faintBlue << 16 | faintGreen << 8 | faintRed;
    // Which flags are drawn: bit 0 hides, bit 1 selects.
    const drawn = [[1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]][layer.pass];
    const masks = this._masks(layer.radius * dpr, layer.alpha);
    const { width } = this.canvas;
    const { pixels } = this;
    for (let slot = 0; slot < layer.count; slot++) {
      if (!drawn[flags[slot]]) continue;
      const x = xy[2 * slot] * across + originX;
      const y = originY - xy[2 * slot + 1] * up;
      const mask = masks[sizes[slot]];
      const { reach } = mask;
      if (!(x > left - reach && x < right + reach && y > top - reach && y < bottom + reach)) continue;
      const column = Math.floor(x);
      const row = Math.floor(y);
      const colour = layer.pass === 1 ? faint : palette[shade[slot]];
      const phase = ((y - row) * QUARTER | 0) * QUARTER + ((x - column) * QUARTER | 0);
      if (column - reach < left || column + reach >= right || row - reach < top || row + reach >= bottom) {
        this._clipped(mask, phase, column, row, colour, box);
        continue;
      }
      const { starts, offsets, covers } = mask;
      const here = row * width + column;
      // Red and blue together, green and alpha together: two products a pixel in place of four.
      const redBlue = colour & 0xff00ff;
      const greenAlpha = (colour >>> 8 & 0xff) | 0xff0000;
      for (let at = starts[phase]; at < starts[phase + 1]; at++) {
        const place = here + offsets[at];
        const cover = covers[at];
        const under = pixels[place];
        pixels[place] =
          ((under & 0xff00ff) * (256 - cover) + redBlue * cover >>> 8 & 0xff00ff) |
          ((under >>> 8 & 0xff00ff) * (256 - cover) + greenAlpha * cover & 0xff00ff00);
      }
    }
  }

  /** A disc that reaches over its pane's edge, pixel by pixel. */
  _clipped(mask, phase, column, row, colour, [left, top, right, bottom]) {
    const { width } = this.canvas;
    for (let at = mask.starts[phase]; at < mask.starts[phase + 1]; at++) {
      const x = column + mask.across[at];
      const y = row + mask.down[at];
      if (x < left || x >= right || y < top || y >= bottom) continue;
      const under = this.pixels[y * width + x];
      let mixed = 255 << 24;
      for (const shift of [0, 8, 16]) {
        const from = under >>> shift & 255;
        mixed |= from + ((colour >>> shift & 255) - from) * mask.covers[at] / 256 << shift;
      }
      this.pixels[y * width + x] = mixed >>> 0;
    }
  }

  /** For each of the 16 sizes: discs at 16 places within a pixel, as offsets and coverage of 256. */
  _masks(radius, alpha) {
    const key = `${radius.toFixed(2)} ${alpha.toFixed(3)} ${this.canvas.width}`;
    if (!this.masks.has(key)) {
      if (this.masks.size > 40) this.masks.clear();
      const sizes = Array.from({ length: 16 }, (_, size) => radius * 2 ** ((size - 8) / 4));
      this.masks.set(key, sizes.map((each) => disc(each, alpha, this.canvas.width)));
    }
    return this.masks.get(key);
  }

  whenDone(act) {
    act();
  }

  destroy() {
    this.masks.clear();
  }
}

function disc(radius, alpha, width) {
  const reach = Math.ceil(radius + 1);
  const [across, down, covers, starts] = [[], [], [], [0]];
  for (let phase = 0; phase < QUARTER * QUARTER; phase++) {
    const x = ((phase % QUARTER) + 0.5) / QUARTER;
    const y = (Math.floor(phase / QUARTER) + 0.5) / QUARTER;
    for (let row = -reach; row <= reach; row++) {
      for (let column = -reach; column <= reach; column++) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const cover = Math.round(256 * alpha * Math.min(1, Math.max(0, radius + 0.5 - distance)));
        if (!cover) continue;
        across.push(column);
        down.push(row);
        covers.push(cover);
      }
    }
    starts.push(covers.length);
  }
  return {
    reach,
    across,
    down,
    starts: Int32Array.from(starts),
    covers: Int32Array.from(covers),
    offsets: Int32Array.from(across, (column, at) => down[at] * width + column),
  };
}
