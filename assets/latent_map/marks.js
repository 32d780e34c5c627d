/*
 * Everything that is drawn over the points: names, paths, stars, ellipses, rings, trails, outlines.
 *
 * Each function takes a drawing context, which is a canvas's or, for export, one that writes SVG.
 */

import { css, mix, number } from "./colour.js";

/** So many trails can be told apart, just. */
export const TRAILS = 300;
const HALO = 0.86;

/** Draw all marks of all panes. */
export function drawMarks(context, map, { forExport = false } = {}) {
  const { theme } = map;
  map.rows?.panes.forEach((pane, place) => {
    const { rect } = pane.view;
    context.save();
    context.beginPath();
    context.rect(rect.x, rect.y, rect.width, rect.height);
    context.clip();
    const taken = new Taken();
    const mine = (list) => (list ?? []).filter((mark) => mark.pane === undefined || mark.pane === place);
    const { overlays } = map;
    if (pane.title) drawTitle(context, theme, rect, pane.title, taken);
    if (map.axes) drawAxes(context, theme, pane, map.axes);
    if (map.showDensity && !map.changing) drawContours(context, theme, pane, pane.contoursOf(map.rows));
    for (const ring of mine(overlays.rings)) drawOval(context, theme, pane, ring, [6, 5], taken);
    for (const ellipse of mine(overlays.ellipses)) drawOval(context, theme, pane, ellipse, [], taken);
    if (pane.steps.length > 1) drawTrails(context, map, pane);
    if (pane.steps.length > 1 && map.about.moves) drawMoves(context, map, pane, map.about.moves);
    for (const path of mine(overlays.paths)) drawPath(context, theme, pane, path, taken);
    for (const star of mine(overlays.stars)) drawStar(context, theme, pane, star, taken);
    if (map.showNames && (!map.changing || forExport)) drawNames(context, map, pane, mine(overlays.labels), taken);
    drawRings(context, map, pane, forExport);
    context.restore();
    if (place) drawDivider(context, theme, rect);
  });
  if (map.outline && !forExport) drawOutline(context, theme, map.outline);
}

/** Places of the screen that hold a name already. */
class Taken {
  constructor() {
    this.boxes = [];
  }

  take(left, top, width, height) {
    const free = this.boxes.every(
      ([x, y, w, h]) => left > x + w || left + width < x || top > y + h || top + height < y,
    );
    if (free) this.boxes.push([left, top, width, height]);
    return free;
  }
}

/** Text on a halo of the background, so that it can be read over points. */
function write(context, theme, text, left, top, { size = 12, weight = 600, colour = theme.text } = {}) {
  context.font = `${weight} ${size}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = css(theme.background, HALO);
  context.strokeText(text, left, top);
  context.fillStyle = css(colour);
  context.fillText(text, left, top);
}

function shortened(text, most = 30) {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

// -- names -----------------------------------------------------------------------------------------

/** The largest first; a name that would cover another one is left out until one zooms in. */
function drawNames(context, map, pane, given, taken) {
  const { theme } = map;
  const names = [...given.map((label) => ({ ...label, colour: theme.text })), ...map.anchorsOf(pane)];
  names.sort((a, b) => (b.weight ?? 0) - (a.weight ?? 0));
  for (const { x, y, text, colour } of names) {
    const [left, top] = pane.view.toScreen(x, y);
    if (!pane.view.contains(left, top)) continue;
    const shown = shortened(text);
    context.font = `600 12.5px ${theme.font}`;
    const half = context.measureText(shown).width / 2;
    if (!taken.take(left - half - 4, top - 9, 2 * half + 8, 18)) continue;
    write(context, theme, shown, left, top, { size: 12.5, colour: mix(colour, theme.text, 0.6) });
  }
}

/** In the corner where neither tools nor numbers stand, and names keep clear of it. */
function drawTitle(context, theme, rect, title, taken) {
  context.font = `600 13.5px ${theme.font}`;
  const width = context.measureText(title).width;
  const bottom = rect.y + rect.height;
  taken.take(rect.x + 8, bottom - 30, width + 12, 24);
  write(context, theme, title, rect.x + 14 + width / 2, bottom - 18, { size: 13.5 });
}

function drawDivider(context, theme, rect) {
  context.strokeStyle = css(theme.border);
  context.lineWidth = 1;
  context.beginPath();
  if (rect.x) {
    context.moveTo(rect.x - 0.5, rect.y);
    context.lineTo(rect.x - 0.5, rect.y + rect.height);
  } else {
    context.moveTo(rect.x, rect.y - 0.5);
    context.lineTo(rect.x + rect.width, rect.y - 0.5);
  }
  context.stroke();
}

// -- axes ------------------------------------------------------------------------------------------

/** Ticks along the edges, for projections in which a coordinate means something. */
function drawAxes(context, theme, pane, [across, up]) {
  const { rect } = pane.view;
  const [left, low, right, high] = pane.view.seen;
  const quiet = css(mix(theme.background, theme.text, 0.62));
  const bottom = rect.y + rect.height;
  context.fillStyle = quiet;
  context.lineJoin = "round";
  context.font = `400 10.5px ${theme.font}`;
  context.textBaseline = "alphabetic";
  context.textAlign = "center";
  const say = (text, x, y) => {
    context.lineWidth = 3;
    context.strokeStyle = css(theme.background, HALO);
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  const tick = (fromX, fromY, toX, toY) => {
    context.lineWidth = 1;
    context.strokeStyle = css(theme.text, theme.dark ? 0.16 : 0.12);
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  };
  for (const value of ticks(left, right, rect.width / 110)) {
    const [x] = pane.view.toScreen(value, 0);
    if (x < rect.x + 30 || x > rect.x + rect.width - 70) continue;
    if (value === 0) tick(x, rect.y, x, bottom - 20);
    tick(x, bottom - 5, x, bottom);
    say(number(value), x, bottom - 8);
  }
  context.textAlign = "left";
  const below = rect.y + 72 + context.measureText(up).width; // the axis' own name stands above
  for (const value of ticks(low, high, rect.height / 80)) {
    const [, y] = pane.view.toScreen(0, value);
    if (y > bottom - 30 || y < below) continue;
    if (value === 0) tick(rect.x + 34, y, rect.x + rect.width, y);
    tick(rect.x, y, rect.x + 5, y);
    say(number(value), rect.x + 8, y + 3.5);
  }
  context.fillStyle = css(mix(theme.background, theme.text, 0.78));
  context.font = `500 11px ${theme.font}`;
  context.textAlign = "right";
  say(across, rect.x + rect.width - 10, bottom - 8);
  context.save();
  context.translate(rect.x + 14, rect.y + 58);
  context.rotate(-Math.PI / 2);
  say(up, 0, 0);
  context.restore();
}

function ticks(from, to, wanted) {
  const rough = (to - from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let place = Math.ceil(from / step); place * step <= to; place++) {
    found.push(Number((place * step).toPrecision(12)));
  }
  return found;
}

// -- density ---------------------------------------------------------------------------------------

function drawContours(context, theme, pane, levels) {
  context.lineWidth = 1.1;
  levels.forEach((lines, place) => {
    context.strokeStyle = css(theme.text, 0.2 + 0.16 * place);
    context.beginPath();
    for (let at = 0; at < lines.length; at += 4) {
      context.moveTo(...pane.view.toScreen(lines[at], lines[at + 1]));
      context.lineTo(...pane.view.toScreen(lines[at + 2], lines[at + 3]));
    }
    context.stroke();
  });
}

// -- paths, stars, ovals ---------------------------------------------------------------------------

function trace(context, points) {
  context.beginPath();
  points.forEach(([left, top], place) => (place ? context.lineTo(left, top) : context.moveTo(left, top)));
}

/** A thin dashed line without stops. */
function drawDashes(context, theme, points) {
  context.lineWidth = 1.2;
  context.strokeStyle = css(theme.text, 0.5);
  context.setLineDash([7, 6]);
  trace(context, points);
  context.stroke();
  context.setLineDash([]);
}

/** A line with a casing, so that it shows on any colour, and its stops. */
function drawPath(context, theme, pane, { stops, labels = [], kind }, taken) {
  const points = stops.map(([x, y]) => pane.view.toScreen(x, y));
  if (kind === "dashed") return drawDashes(context, theme, points);
  context.lineJoin = context.lineCap = "round";
  for (const [width, colour] of [[6, css(theme.background, 0.9)], [2.25, css(theme.text)]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    trace(context, points);
    context.stroke();
  }
  points.forEach(([left, top], place) => {
    const end = place === 0 || place === points.length - 1;
    dot(context, left, top, end ? 6 : 4, css(end ? theme.primary : theme.background), css(theme.text), 2);
  });
  labels.forEach((label, place) => {
    if (!label) return;
    const [left, top] = points[place];
    const half = label.length * 4 + 4;
    if (!taken.take(left - half, top - 25, 2 * half, 18)) return;
    write(context, theme, shortened(label), left, top - 16, { size: 13, weight: 700 });
  });
}

function dot(context, left, top, radius, fill, stroke, width) {
  context.beginPath();
  context.arc(left, top, radius, 0, 2 * Math.PI);
  if (fill) {
    context.fillStyle = fill;
    context.fill();
  }
  context.lineWidth = width;
  context.strokeStyle = stroke;
  context.stroke();
}

function drawStar(context, theme, pane, { x, y, label }, taken) {
  const [left, top] = pane.view.toScreen(x, y);
  const points = Array.from({ length: 10 }, (_, place) => {
    const angle = (place / 5 - 0.5) * Math.PI;
    const radius = place % 2 ? 4.6 : 11;
    return [left + radius * Math.cos(angle), top + radius * Math.sin(angle)];
  });
  trace(context, points);
  context.closePath();
  context.lineJoin = "round";
  context.lineWidth = 5;
  context.strokeStyle = css(theme.background, 0.9);
  context.stroke();
  context.fillStyle = css(theme.categories[1]);
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = css(theme.text);
  context.stroke();
  if (label && taken.take(left - 40, top - 29, 80, 18)) write(context, theme, shortened(label), left, top - 20);
}

/** An ellipse or ring of the world: also right where the axes have different scales. */
function drawOval(context, theme, pane, { x, y, rx, ry, angle = 0, label }, dashes, taken) {
  const points = Array.from({ length: 72 }, (_, place) => {
    const turn = (place / 36) * Math.PI;
    const [along, beside] = [rx * Math.cos(turn), ry * Math.sin(turn)];
    return pane.view.toScreen(
      x + along * Math.cos(angle) - beside * Math.sin(angle),
      y + along * Math.sin(angle) + beside * Math.cos(angle),
    );
  });
  trace(context, points);
  context.closePath();
  if (!dashes.length) {
    context.fillStyle = css(theme.text, 0.05);
    context.fill();
  }
  context.setLineDash(dashes);
  context.lineWidth = 1.25;
  context.strokeStyle = css(theme.text, dashes.length ? 0.5 : 0.7);
  context.stroke();
  context.setLineDash([]);
  const [left, top] = points.reduce((best, point) => (point[1] < best[1] ? point : best));
  if (label && taken.take(left - 20, top - 16, 40, 14)) {
    const colour = mix(theme.background, theme.text, 0.75);
    write(context, theme, label, left, top - 8, { size: 10.5, weight: 500, colour });
  }
}

// -- rows ------------------------------------------------------------------------------------------

/** Where the selected rows came from and go to, over the steps. */
function drawTrails(context, map, pane) {
  const { rows, theme } = map;
  const { focus } = map.pointing;
  const slots = rows.selectedSlots(TRAILS);
  if (focus !== null && !slots.includes(rows.slotOf[focus])) slots.push(rows.slotOf[focus]);
  context.lineJoin = context.lineCap = "round";
  for (const slot of slots) {
    const focused = focus !== null && slot === rows.slotOf[focus];
    const points = pane.steps.map((xy) => pane.view.toScreen(xy[2 * slot], xy[2 * slot + 1]));
    const reached = Math.floor(map.step);
    const colour = focused ? theme.text : map.scale.colourAt(slot, theme);
    const strong = focused ? 0.95 : Math.max(0.3, 0.8 - slots.length / 500);
    context.lineWidth = focused ? 2.25 : 1.25;
    context.strokeStyle = css(colour, strong);
    trace(context, [...points.slice(0, reached + 1), pane.screen(slot)]);
    context.stroke();
    context.strokeStyle = css(colour, strong * 0.22);
    trace(context, [pane.screen(slot), ...points.slice(reached + 1)]);
    context.stroke();
  }
}

/** Arrows from where some of the rows are to where they are at the next step. */
function drawMoves(context, map, pane, most) {
  const { rows, theme } = map;
  const next = pane.steps[Math.floor(map.step) + 1];
  if (!next) return;
  context.lineWidth = 1.3;
  context.strokeStyle = css(theme.text, 0.7);
  const stride = Math.max(1, Math.floor(rows.n / most));
  for (let row = 0; row < rows.n; row += stride) {
    const slot = rows.slotOf[row];
    if (!rows.isShown(slot)) continue;
    const from = pane.screen(slot);
    const to = pane.view.toScreen(next[2 * slot], next[2 * slot + 1]);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (length < 2) continue;
    const turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const size = Math.min(7, length);
    const wing = (side) => [to[0] - size * Math.cos(turn + side), to[1] - size * Math.sin(turn + side)];
    trace(context, [from, to]);
    context.stroke();
    trace(context, [wing(0.45), to, wing(-0.45)]);
    context.stroke();
  }
}

/** A ring around the focused row and the one under the pointer, in every pane. */
function drawRings(context, map, pane, forExport) {
  const { theme, rows } = map;
  const { row: under, focus } = map.pointing;
  const ring = (row, radius, colour) => {
    const slot = rows.slotOf[row];
    if (!rows.isShown(slot)) return;
    const [left, top] = pane.screen(slot);
    dot(context, left, top, radius, null, css(theme.background, 0.9), 5);
    dot(context, left, top, radius, null, css(colour), 2.25);
    dot(context, left, top, 3, css(map.scale.colourAt(slot, theme)), css(theme.text), 1);
  };
  if (under !== null && under !== focus && !forExport) ring(under, 7, theme.text);
  if (focus !== null) ring(focus, 9, theme.primary);
}

/** The lasso or box while it is being drawn. */
function drawOutline(context, theme, { points, how }) {
  trace(context, points);
  context.closePath();
  context.fillStyle = css(theme.primary, 0.1);
  context.fill();
  context.lineWidth = 1.5;
  context.setLineDash(how === "subtract" ? [5, 4] : []);
  context.strokeStyle = css(theme.primary);
  context.stroke();
  context.setLineDash([]);
}

/** What is under this place of the screen among stops and stars: `{text, label}`. */
export function markAt(map, pane, place, left, top, reach = 9) {
  const mine = (list) => (list ?? []).filter((mark) => mark.pane === undefined || mark.pane === place);
  const near = (x, y) => {
    const [markLeft, markTop] = pane.view.toScreen(x, y);
    return Math.hypot(markLeft - left, markTop - top) < reach;
  };
  for (const star of mine(map.overlays.stars)) {
    if (near(star.x, star.y)) return { text: star.text || star.label, facts: [] };
  }
  for (const path of mine(map.overlays.paths)) {
    if (path.kind === "dashed") continue;
    const stop = path.stops.findIndex(([x, y]) => near(x, y));
    if (stop < 0) continue;
    const facts = [["stop", path.labels?.[stop] || `${stop} of ${path.stops.length - 1}`]];
    return { text: path.texts?.[stop] ?? path.labels?.[stop] ?? "", facts };
  }
  return null;
}
