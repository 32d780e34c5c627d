/* Pictures to keep: PNG at twice the size, and SVG, both with the legend. */

import { css, mix, number, whole } from "./colour.js";
import { drawMarks } from "./marks.js";
import { CpuPainter } from "./paint_cpu.js";

/** With more points than this an SVG holds them as one picture: editors choke on more circles. */
export const MOST_CIRCLES = 20_000;
const LEGEND = 210;
const LINES = 24;

function canvasOf(width, height, ratio) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  return canvas;
}

/** The points alone, by the processor: the same in every browser and at any size. */
function pointsOf(map, ratio) {
  const canvas = canvasOf(1, 1, 1);
  new CpuPainter(canvas).paint({ ...map.scene(1), dpr: ratio });
  return canvas;
}

function sizeOf(map) {
  const { width, height } = map.size;
  const legend = map.scale.kind === "plain" ? 0 : LEGEND;
  return { width: Math.round(width), height: Math.round(height), legend };
}

/** The map as a PNG, with legend and marks. */
export function pngOf(map, ratio = 2) {
  const { width, height, legend } = sizeOf(map);
  const canvas = canvasOf(width + legend, height, ratio);
  const context = canvas.getContext("2d");
  context.fillStyle = css(map.theme.background);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(pointsOf(map, ratio), 0, 0);
  context.scale(ratio, ratio);
  drawMarks(context, map, { forExport: true });
  context.translate(width, 0);
  drawLegend(context, map);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The map as SVG text: circles up to a limit, a picture beyond it; marks and legend as drawings. */
export function svgOf(map) {
  const { width, height, legend } = sizeOf(map);
  const context = new SvgContext();
  const { rows } = map;
  const scene = map.scene(1);
  if (rows.shown * rows.panes.length <= MOST_CIRCLES) circles(context, map, scene);
  else context.image(pointsOf(map, 2).toDataURL("image/png"), width, height);
  drawMarks(context, map, { forExport: true });
  context.translate(width, 0);
  drawLegend(context, map);
  const background = `<rect width="100%" height="100%" fill="${context.colour(css(map.theme.background)).colour}"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + legend}" height="${height}" ` +
    `viewBox="0 0 ${width + legend} ${height}" role="img"><title>${escaped(map.about.alt ?? "")}</title>` +
    `${background}${context.text}</svg>`
  );
}

function circles(context, map, scene) {
  const { rows, theme } = map;
  for (const pane of scene.panes) {
    for (const { pass, radius, alpha } of pane.layers) {
      context.open(`fill-opacity="${alpha.toFixed(3)}"`);
      for (let slot = 0; slot < rows.n; slot++) {
        if (!rows.isShown(slot) || (pass && (pass === 2) !== rows.isSelected(slot))) continue;
        const [left, top] = pane.view.toScreen(pane.xy[2 * slot], pane.xy[2 * slot + 1]);
        if (!pane.view.contains(left, top)) continue;
        const colour = pass === 1 ? theme.faint : map.scale.colourAt(slot, theme);
        const size = radius * 2 ** ((rows.sizes[slot] - 8) / 4);
        context.add(
          `<circle cx="${left.toFixed(2)}" cy="${top.toFixed(2)}" r="${size.toFixed(2)}" fill="${hex(colour)}"/>`,
        );
      }
      context.shut();
    }
  }
}

/** The legend for a picture; the one on the page is made of buttons. */
function drawLegend(context, map) {
  const { scale, theme } = map;
  if (scale.kind === "plain") return;
  const say = (text, left, top, align = "left", weight = 400, colour = theme.text) => {
    context.font = `${weight} 12px ${theme.font}`;
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillStyle = css(colour);
    context.fillText(text, left, top);
  };
  const quiet = mix(theme.background, theme.text, 0.65);
  say([scale.title, scale.unit].filter(Boolean).join(", "), 14, 20, "left", 600);
  if (scale.kind === "values") {
    for (let place = 0; place < 128; place++) {
      context.fillStyle = css(theme.values[2 * place]);
      context.fillRect(14 + place * 1.4, 36, 1.6, 10);
    }
    say(number(scale.low), 14, 58, "left", 400, quiet);
    say(number(scale.high), 14 + 128 * 1.4, 58, "right", 400, quiet);
    return;
  }
  const codes = [...scale.named, ...scale.others].filter((code) => !scale.hidden.has(code));
  codes.slice(0, LINES).forEach((code, place) => {
    const top = 44 + 19 * place;
    context.beginPath();
    context.arc(19, top, 4.5, 0, 2 * Math.PI);
    context.fillStyle = css(scale.colour(code, theme));
    context.fill();
    const name = scale.names[code];
    say(name.length > 20 ? `${name.slice(0, 19)}…` : name, 32, top);
    say(whole(scale.totals[code]), LEGEND - 14, top, "right", 400, quiet);
  });
  if (codes.length > LINES) say(`and ${codes.length - LINES} more`, 32, 44 + 19 * LINES, "left", 400, quiet);
}

function escaped(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (letter) => entities[letter]);
}

function hex(colour) {
  return "#" + colour.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("");
}

/** As much of a canvas's context as the marks need, writing SVG. */
export class SvgContext {
  constructor() {
    this.parts = [];
    this.groups = 0;
    this.stack = [];
    this.path = [];
    this.dashes = [];
    this.clips = 0;
    this.measure = canvasOf(1, 1, 1).getContext("2d");
    Object.assign(this, {
      fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, lineJoin: "miter", lineCap: "butt",
      font: "12px sans-serif", textAlign: "left", textBaseline: "alphabetic",
    });
  }

  get text() {
    return this.parts.join("") + "</g>".repeat(this.groups);
  }

  add(text) {
    this.parts.push(text);
  }

  open(attributes) {
    this.groups++;
    this.add(`<g ${attributes}>`);
  }

  shut() {
    this.groups--;
    this.add("</g>");
  }

  image(address, width, height) {
    this.add(`<image href="${address}" width="${width}" height="${height}"/>`);
  }

  save() {
    this.stack.push(this.groups);
  }

  restore() {
    const to = this.stack.pop();
    while (this.groups > to) this.shut();
  }

  clip() {
    const name = `clip${this.clips++}`;
    this.add(`<clipPath id="${name}"><path d="${this.path.join("")}"/></clipPath>`);
    this.open(`clip-path="url(#${name})"`);
  }

  translate(x, y) {
    this.open(`transform="translate(${x} ${y})"`);
  }

  rotate(angle) {
    this.open(`transform="rotate(${(angle * 180) / Math.PI})"`);
  }

  beginPath() {
    this.path = [];
  }

  moveTo(x, y) {
    this.path.push(`M${x.toFixed(2)} ${y.toFixed(2)}`);
  }

  lineTo(x, y) {
    this.path.push(`L${x.toFixed(2)} ${y.toFixed(2)}`);
  }

  closePath() {
    this.path.push("Z");
  }

  rect(x, y, width, height) {
    this.path.push(`M${x} ${y}h${width}v${height}h${-width}Z`);
  }

  /** Full circles only, which is all that is drawn. */
  arc(x, y, radius) {
    const turn = `a${radius} ${radius} 0 1 0`;
    const from = `M${(x - radius).toFixed(2)} ${y.toFixed(2)}`;
    this.path.push(`${from}${turn} ${2 * radius} 0${turn} ${-2 * radius} 0Z`);
  }

  setLineDash(dashes) {
    this.dashes = dashes;
  }

  fill() {
    this.add(`<path d="${this.path.join("")}" ${this._paint("fill", this.fillStyle)}/>`);
  }

  stroke() {
    this.add(`<path d="${this.path.join("")}" fill="none" ${this._stroke()}/>`);
  }

  fillRect(x, y, width, height) {
    const fill = this._paint("fill", this.fillStyle);
    this.add(`<rect x="${x}" y="${y}" width="${width}" height="${height}" ${fill}/>`);
  }

  fillText(text, x, y) {
    this._text(text, x, y, this._paint("fill", this.fillStyle));
  }

  strokeText(text, x, y) {
    this._text(text, x, y, `fill="none" ${this._stroke()}`);
  }

  measureText(text) {
    this.measure.font = this.font;
    return this.measure.measureText(text);
  }

  _text(text, x, y, paint) {
    const [, weight, size, family] = this.font.match(/^(?:(\d+) )?([\d.]+px) (.*)$/);
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign];
    const down = this.textBaseline === "middle" ? ' dominant-baseline="central"' : "";
    this.add(
      `<text x="${x.toFixed(2)}" y="${y.toFixed(2)}" font-size="${size}" font-weight="${weight ?? 400}" ` +
        `font-family="${escaped(family)}" text-anchor="${anchor}"${down} ${paint}>${escaped(text)}</text>`,
    );
  }

  _stroke() {
    const dashes = this.dashes.length ? ` stroke-dasharray="${this.dashes.join(" ")}"` : "";
    return (
      `${this._paint("stroke", this.strokeStyle)} stroke-width="${this.lineWidth}" ` +
      `stroke-linejoin="${this.lineJoin}" stroke-linecap="${this.lineCap}"${dashes}`
    );
  }

  _paint(kind, style) {
    const { colour, alpha } = this.colour(style);
    return alpha === 1 ? `${kind}="${colour}"` : `${kind}="${colour}" ${kind}-opacity="${alpha}"`;
  }

  /** SVG 1.1 knows no rgba(). */
  colour(style) {
    const found = style.match(/^rgba\((\d+), (\d+), (\d+), ([\d.]+)\)$/);
    if (!found) return { colour: style, alpha: 1 };
    return { colour: hex(found.slice(1, 4).map(Number)), alpha: Number(found[4]) };
  }
}
