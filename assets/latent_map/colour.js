/* Colours of the theme, palettes for categories and values, and numbers as a person writes them. */

/** So many categories have a colour of their own; the others share a grey. */
export const NAMED = 20;
const FALLBACK = {
  background: "#ffffff",
  surface: "#f3f5f8",
  text: "#1b2330",
  border: "#dde2ea",
  primary: "#0072b2",
  categories: "#0072B2,#E69F00,#009E73,#CC79A7,#D55E00,#56B4E9,#8C7A00,#5B6472,#7A5195,#A65628",
  values: "#440154,#482878,#3E4A89,#31688E,#26828E,#1F9E89,#35B779,#6CCE59,#B4DE2C,#FDE725",
};

/** The theme's variables as numbers, from the element that inherits them. */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const read = (name, otherwise) => {
    const value = style.getPropertyValue(name).trim();
    return value && value !== "unset" ? value : otherwise;
  };
  const one = (name, otherwise) => rgb(read(name, otherwise));
  const many = (name, otherwise) => read(name, otherwise).split(",").map((colour) => rgb(colour.trim()));
  const background = one("--st-background-color", FALLBACK.background);
  const text = one("--st-text-color", FALLBACK.text);
  const dark = luminance(background) < 0.4;
  return {
    dark,
    background,
    text,
    surface: one("--st-secondary-background-color", FALLBACK.surface),
    border: one("--st-border-color", FALLBACK.border),
    primary: one("--st-primary-color", FALLBACK.primary),
    categories: doubled(many("--st-chart-categorical-colors", FALLBACK.categories), dark),
    values: ramp(many("--st-chart-sequential-colors", FALLBACK.values), dark),
    grey: mix(background, text, 0.36),
    faint: mix(background, text, dark ? 0.26 : 0.2),
    font: style.fontFamily || "sans-serif",
  };
}

let probe;

/** Any CSS colour as [red, green, blue]. */
export function rgb(css) {
  probe ??= document.createElement("canvas").getContext("2d");
  probe.fillStyle = "#000";
  probe.fillStyle = css;
  const plain = probe.fillStyle;
  if (plain[0] === "#") return [1, 3, 5].map((at) => parseInt(plain.slice(at, at + 2), 16));
  return plain.match(/[\d.]+/g).slice(0, 3).map(Number);
}

export function css([red, green, blue], alpha = 1) {
  return `rgba(${Math.round(red)}, ${Math.round(green)}, ${Math.round(blue)}, ${alpha})`;
}

export function mix(from, to, share) {
  return from.map((value, channel) => value + (to[channel] - value) * share);
}

function luminance([red, green, blue]) {
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

/** Ten colours and their ten shades: darker on white, lighter on black. */
function doubled(colours, dark) {
  const base = colours.slice(0, NAMED / 2);
  const towards = dark ? [255, 255, 255] : [0, 0, 0];
  return [...base, ...base.map((colour) => mix(colour, towards, dark ? 0.5 : 0.42))];
}

/** 256 colours between the stops; on a dark page the darkest are lifted until they can be seen. */
function ramp(stops, dark) {
  return Array.from({ length: 256 }, (_, place) => {
    const at = (place / 255) * (stops.length - 1);
    const below = Math.min(Math.floor(at), stops.length - 2);
    const colour = mix(stops[below], stops[below + 1], at - below);
    return dark ? mix(colour, [255, 255, 255], 0.22 * (1 - place / 255)) : colour;
  });
}

/** Four bytes as the processor and the texture read them (little-endian RGBA). */
export function word([red, green, blue]) {
  return (255 << 24 | Math.round(blue) << 16 | Math.round(green) << 8 | Math.round(red)) >>> 0;
}

export function whole(count) {
  return count.toLocaleString("en-US");
}

/** Four significant digits; a dash for a value that does not exist. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  if (size !== 0 && size < 1e-3) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}
