/* Small pieces of the page: elements, icons, waiting. */

/** The namespace of drawings. */
export const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a child that is null is left out, text stays text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "hidden" || key === "disabled" || key === "checked") made[key] = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Lines on a field of 20 by 20. */
const ICONS = {
  pan:
    "M10 2.5v15M2.5 10h15M10 2.5 7.8 4.7M10 2.5l2.2 2.2M10 17.5l-2.2-2.2M10 17.5l2.2-2.2" +
    "M2.5 10l2.2-2.2M2.5 10l2.2 2.2M17.5 10l-2.2-2.2M17.5 10l-2.2 2.2",
  lasso:
    "M5.6 13.2C3.9 12.2 3 10.8 3 9.2 3 6 6.1 3.5 10 3.5s7 2.5 7 5.7-3.1 5.7-7 5.7c-.8 0-1.5-.1-2.2-.3" +
    "M7.9 14.3a1.7 1.7 0 1 1-3.4 0 1.7 1.7 0 0 1 3.4 0ZM6 16c-.2.9-.7 1.5-1.5 2",
  box: "M4 4h2.5M8.8 4h2.5M13.5 4H16v2.5M16 8.8v2.5M16 13.5V16h-2.5M11.3 16H8.8M6.5 16H4v-2.5M4 11.3V8.8M4 6.5V4",
  in: "M10 4.5v11M4.5 10h11",
  out: "M4.5 10h11",
  home: "M3.5 7.5v-4h4M16.5 7.5v-4h-4M3.5 12.5v4h4M16.5 12.5v4h-4M8 10h4M10 8v4",
  undo: "M7 4 3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8",
  redo: "M13 4l3.5 3.5L13 11M16 7.5H8.5a4.5 4.5 0 0 0 0 9H12",
  clear: "M5 5l10 10M15 5 5 15",
  more: "M10 4.6v.1M10 10v.1M10 15.4v.1",
  play: "M6.5 4.2v11.6L16 10Z",
  pause: "M7 4.5v11M13 4.5v11",
  legend: "M4 5.5h.1M4 10h.1M4 14.5h.1M7.5 5.5h9M7.5 10h9M7.5 14.5h9",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `lm-icon lm-icon-${name}`);
  svg.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", ICONS[name]);
  return svg;
}

/** A button with an icon, its name, and the key that does the same. */
export function button(name, title, act, key = "") {
  const told = key ? `${title} (${key})` : title;
  const attributes = { type: "button", class: "lm-button", title: told, "aria-label": title };
  return element("button", { ...attributes, onclick: act }, icon(name));
}

/** Calls the last of several quick calls, once they stop. */
export function debounced(act, milliseconds) {
  let timer = 0;
  const later = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), milliseconds);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Whether the reader asked for less motion. */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Offer some content as a file. */
export function download(content, name, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
