/* A decoded path that is walked. All of it is here: no step, no other track, no gauge asks the server. */

const MOUNTED = new WeakMap();
/** Where one was on a path, by its key: a rerun that draws it anew begins there. */
const PLACES = new Map();
const SVG = "http://www.w3.org/2000/svg";
const BEAT = 700;
/** What may become the source of a picture. */
const PICTURE = /^data:image\/png;base64,[A-Za-z0-9+/=]+$/;
/** Viridis at five places. */
const SCALE = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A picture; what is none is shown as nothing. */
function picture(text) {
  return PICTURE.test(text) ? element("img", { class: "zs-x", src: text, alt: "picture" }) : document.createTextNode("∅");
}

/** A text of [part, is it marked]; "∅" for nothing. */
function sentence(parts, dim, images) {
  if (images) return [picture(parts.map(([text]) => text).join(""))];
  if (!parts.length) return [document.createTextNode("∅")];
  return parts.map(([text, mark]) => element("span", { class: mark ? "zs-mark" : dim ? "zs-dim" : null }, text));
}

function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function shade(share) {
  const at = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1);
  const low = Math.min(Math.floor(at), SCALE.length - 2);
  return SCALE[low].map((channel, i) => Math.round(channel + (at - low) * (SCALE[low + 1][i] - channel)));
}

/** From one place to another; a dash between signs would be read as one of them. */
function span(first, last) {
  if (first === last) return first;
  return /[-+−]/.test(first + last) ? `${first} to ${last}` : `${first}–${last}`;
}

/** Runs of stops that read the same, as [first, last]. */
function folded(stops) {
  const groups = [];
  stops.forEach((stop, at) => {
    if (at && stop.folded) groups.at(-1)[1] = at;
    else groups.push([at, at]);
  });
  return groups;
}

class Walk {
  constructor(host) {
    this.host = host;
    this.timer = null;
    host.className = "walk";
  }

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    this.data = data;
    const kept = PLACES.get(data.key) ?? { track: data.tracks[0].name, at: data.here };
    this.track = Math.max(0, data.tracks.findIndex((track) => track.name === kept.track));
    this.at = Math.min(kept.at, this.stops.length - 1);
    this.rest();
    this.build();
  }

  sentence(parts, dim) {
    return sentence(parts, dim, this.data.images);
  }

  get stops() {
    return this.data.tracks[this.track].stops;
  }

  build() {
    this.big = element("div", { class: "zs-big zs-sentence", "aria-live": "polite" });
    this.facts = element("div", { class: "walk-facts" });
    this.others = element("div", { class: "walk-others" });
    this.strip = element("div", { class: this.data.images ? "zs-film" : "zs-strip", role: "table", "aria-label": this.data.alt });
    this.heat = element("details", { class: "walk-heat", ontoggle: () => this.warm() });
    this.gauges = element("div", { class: "walk-gauges" });
    this.host.replaceChildren(
      ...(this.data.tracks.length > 1 ? [this.tabs()] : []),
      this.scrubber(),
      element("div", { class: `walk-box${this.data.images ? " walk-images" : ""}` }, this.big, this.facts, this.others),
      this.gauges,
      this.strip,
      this.heat,
    );
    this.switch(this.track);
  }

  tabs() {
    const buttons = this.data.tracks.map((track, at) =>
      element("button", { type: "button", role: "tab", title: track.note, onclick: () => this.switch(at) }, track.name));
    this.tab = buttons;
    return element("div", { class: "walk-tabs", role: "tablist", "aria-label": "Which path is read" }, ...buttons);
  }

  scrubber() {
    const button = (label, text, act) =>
      element("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.range = element("input", {
      type: "range", min: 0, step: 1, class: "walk-range", "aria-label": this.data.slider,
      oninput: () => { this.rest(); this.go(Number(this.range.value)); },
    });
    this.player = button("Play", "▶", () => (this.timer ? this.rest() : this.play()));
    this.label = element("output", { class: "walk-place" });
    return element("div", { class: "walk-scrub" },
      this.player,
      button("One step back", "‹", () => { this.rest(); this.go(this.at - 1); }),
      this.range,
      button("One step on", "›", () => { this.rest(); this.go(this.at + 1); }),
      this.label);
  }

  switch(track) {
    this.track = track;
    this.tab?.forEach((button, at) => button.setAttribute("aria-selected", at === track));
    this.range.max = this.stops.length - 1;
    this.rows();
    this.sparks();
    this.warm();
    this.go(Math.min(this.at, this.stops.length - 1));
  }

  play() {
    if (this.at === this.stops.length - 1) this.go(0);
    this.player.textContent = "❚❚";
    this.player.setAttribute("aria-label", "Pause");
    this.timer = setInterval(() => {
      this.go(this.at + 1);
      if (this.at === this.stops.length - 1) this.rest();
    }, BEAT);
  }

  rest() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.player) {
      this.player.textContent = "▶";
      this.player.setAttribute("aria-label", "Play");
    }
  }

  go(at) {
    this.at = Math.min(Math.max(at, 0), this.stops.length - 1);
    PLACES.set(this.data.key, { track: this.data.tracks[this.track].name, at: this.at });
    const stop = this.stops[this.at];
    this.range.value = this.at;
    this.range.style.setProperty("--done", `${(100 * this.at) / Math.max(this.stops.length - 1, 1)}%`);
    this.range.setAttribute("aria-valuetext", this.data.images ? this.place(stop) : `${this.place(stop)}: ${stop.parts.map(([text]) => text).join("")}`);
    this.label.textContent = this.place(stop);
    this.big.replaceChildren(...this.sentence(stop.parts, false));
    this.facts.replaceChildren(...this.told(stop));
    this.compare();
    for (const row of this.strip.children) {
      const [first, last] = row.group;
      row.classList.toggle("zs-on", first <= this.at && this.at <= last);
    }
    for (const spark of this.gauges.children) spark.move(this.at);
  }

  place(stop) {
    return [this.data.symbol && `${this.data.symbol} = ${stop.at}`, stop.mark].filter(Boolean).join(" · ") || stop.at;
  }

  told(stop) {
    const facts = [];
    if (stop.off) facts.push(element("span", { class: "walk-off", title: this.data.off }, "off the data"));
    if (stop.aside) facts.push(element("span", {}, stop.aside));
    return facts;
  }

  /** What the other tracks read at the same place. */
  compare() {
    const share = this.stops.length > 1 ? this.at / (this.stops.length - 1) : 0;
    const others = this.data.tracks.filter((_, at) => at !== this.track);
    this.others.replaceChildren(...others.map((track) => {
      const stop = track.stops[Math.round(share * (track.stops.length - 1))];
      return element("div", {}, element("span", { class: "walk-name" }, track.name), ...this.sentence(stop.parts, true));
    }));
  }

  rows() {
    const stops = this.stops;
    this.strip.replaceChildren(...folded(stops).map(([first, last]) => {
      const stop = stops[first];
      const times = last > first ? ` ×${last - first + 1}` : "";
      const ends = first === 0 || last === stops.length - 1;
      const label = span(stop.at, stops[last].at);
      const aside = stop.short ?? (stop.nll === null ? "" : `${stop.nll.toFixed(1)} nats`);
      const marks = stops.slice(first, last + 1).map((one) => one.mark).filter(Boolean).join(" ");
      const row = element("div", { class: `zs-step${ends ? " zs-end" : ""}`, role: "row", onclick: () => { this.rest(); this.go(first); } },
        element("div", { class: "zs-alpha", role: "cell" }, ...(marks ? [element("b", {}, marks), " "] : []), label),
        element("div", { class: "zs-sentence", role: "cell" }, ...this.sentence(stop.parts, first > 0 && !stop.fresh)),
        element("div", { class: "zs-aside", role: "cell", title: this.data.about },
          aside + times, ...(stop.off ? [element("span", { class: "walk-off", title: this.data.off }, "off")] : [])));
      row.group = [first, last];
      return row;
    }));
  }

  sparks() {
    const made = this.data.gauges.map((gauge) => this.spark(gauge)).filter(Boolean);
    this.gauges.replaceChildren(...made);
    this.gauges.hidden = !made.length;
  }

  spark(gauge) {
    const values = this.stops.map((stop) => stop.values[gauge.name]);
    if (!values.some((value) => value !== null && value !== undefined)) return null;
    const [wide, high] = [200, 38];
    const all = [...values.filter((value) => value !== null), ...(gauge.band ?? [])];
    const low = Math.min(...all);
    const range = Math.max(...all) - low || 1;
    const x = (at) => 4 + (values.length > 1 ? (at / (values.length - 1)) * (wide - 8) : 0);
    const y = (value) => high - 5 - ((value - low) / range) * (high - 10);
    const line = drawn("polyline", { points: values.map((value, at) => `${x(at)},${y(value)}`).join(" "), class: "spark-line" });
    const dot = element("span", { class: "spark-dot" });
    const band = gauge.band
      ? [drawn("rect", { x: 0, width: wide, y: y(gauge.band[1]), height: Math.max(y(gauge.band[0]) - y(gauge.band[1]), 1.5), class: "spark-band" })]
      : [];
    const value = element("b", {});
    const picture = drawn("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", preserveAspectRatio: "none",
      "aria-label": `${gauge.label} along the path, from ${number(values[0])} to ${number(values.at(-1))}` }, ...band, line);
    picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      this.rest();
      this.go(Math.round(((event.clientX - box.left) / box.width) * (values.length - 1)));
    });
    const told = gauge.band ? element("i", {}, gauge.told) : "";
    const made = element("div", { class: "walk-gauge", title: gauge.help },
      element("div", {}, element("span", {}, gauge.label), value),
      element("div", { class: "spark" }, picture, dot), told);
    made.move = (at) => {
      dot.style.left = `${(100 * x(at)) / wide}%`;
      dot.style.top = `${(100 * y(values[at])) / high}%`;
      const outside = gauge.band && (values[at] > gauge.band[1] || (gauge.low && values[at] < gauge.band[0]));
      value.textContent = `${number(values[at])}${gauge.unit ? ` ${gauge.unit}` : ""}`;
      made.classList.toggle("walk-outside", Boolean(outside));
    };
    return made;
  }

  /** The heat-map, a table of tokens, made when it is opened. */
  warm() {
    const rows = this.stops.filter((stop) => stop.tokens);
    this.heat.hidden = !rows.length;
    const title = element("summary", {}, "Token probabilities");
    if (!this.heat.open || !rows.length) {
      this.heat.replaceChildren(title);
      return;
    }
    const body = folded(this.stops).map(([first, last]) => {
      const stop = this.stops[first];
      const label = span(stop.at, this.stops[last].at);
      return element("tr", {}, element("th", { scope: "row" }, label),
        ...stop.tokens.map(([piece, share]) => {
          const [r, g, b] = shade(share);
          const ink = 0.3 * r + 0.6 * g + 0.1 * b > 140 ? "#111" : "#fff";
          return element("td", { style: `background:rgb(${r} ${g} ${b});color:${ink}`, title: `p = ${share.toFixed(3)}` },
            piece, element("small", {}, share.toFixed(2).replace(/^0/, "")));
        }));
    });
    const key = element("p", {}, "p(token | the code, what stands before it): ",
      element("span", { class: "heat-key" }, "0", element("i", {}), "1"));
    this.heat.replaceChildren(title, key, element("div", { class: "heat-scroll" },
      element("table", { "aria-label": "Probability of each token at each step" }, element("tbody", {}, ...body))));
  }

  end() {
    this.rest();
    this.host.remove();
  }
}

/** Called by Streamlit at the first run and whenever what is shown changes; returns what ends it. */
export default function mount({ data, parentElement }) {
  let walk = MOUNTED.get(parentElement);
  if (!walk) {
    walk = new Walk(parentElement.appendChild(document.createElement("div")));
    MOUNTED.set(parentElement, walk);
  }
  walk.show(data);
  return () => {
    MOUNTED.delete(parentElement);
    walk.end();
  };
}
