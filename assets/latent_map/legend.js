/* The legend: names with counts that filter, or a colour bar with a histogram that filters. */

import { css, number, whole } from "./colour.js";
import { SVG, element } from "./parts.js";

const SEARCH_FROM = 13;

/** Stands beside the stage and follows the map's scale. */
export class Legend {
  constructor(map, root) {
    this.map = map;
    this.root = root;
  }

  /** Another scale: another legend. */
  rebuild() {
    const { scale } = this.map;
    this.root.replaceChildren();
    this.root.hidden = scale.kind === "plain" || !this.map.showLegend;
    this.lines = new Map();
    if (this.root.hidden) return;
    this.root.setAttribute("aria-label", `Legend: ${scale.title}`);
    const showAll = () => this._change(() => scale.showAll());
    this.all = element("button", { type: "button", class: "lm-link", onclick: showAll }, "show all");
    const title = element("b", {}, scale.title);
    if (scale.unit) title.append(" ", element("em", {}, scale.unit));
    this.root.append(element("header", {}, title, this.all));
    if (scale.kind === "categories") this._categories(scale);
    else this._values(scale);
    this.update();
  }

  _change(act) {
    act();
    this.map.filterChanged();
  }

  /** Counts, colours and what is hidden, after any change of these. */
  update() {
    const { scale } = this.map;
    if (this.root.hidden || !this.all) return;
    this.all.hidden = !scale.filtered;
    if (scale.kind === "categories") this._updateCategories(scale);
    else this._updateValues(scale);
  }

  // -- categories ----------------------------------------------------------------------------------

  _categories(scale) {
    const list = element("ul", {});
    for (const code of scale.named) list.append(this._line(scale, code));
    const few = scale.others.length === 1 || scale.names.length === 1;
    if (scale.others.length && !few) {
      list.append(element("li", { class: "lm-others" }, `${scale.others.length} others, in grey`));
    }
    for (const code of scale.others) list.append(this._line(scale, code));
    if (scale.names.length >= SEARCH_FROM) this.root.append(this._search(list, scale));
    this.root.append(list);
    list.addEventListener("pointerleave", () => this.map.raise(null));
  }

  _line(scale, code) {
    const dot = element("i", { class: "lm-dot" });
    const count = element("span", { class: "lm-count" });
    const name = scale.names[code];
    const line = element(
      "button",
      {
        type: "button",
        title: `${name}\nClick: hide or show. Double-click or Alt-click: only this one.`,
        onclick: (event) => this._change(() => (event.altKey ? scale.solo(code) : scale.toggle(code))),
        ondblclick: (event) => event.altKey || this._change(() => scale.solo(code)),
        onpointerenter: (event) => event.pointerType === "mouse" && this.map.raise(code),
      },
      dot,
      element("span", { class: "lm-name" }, name),
      count,
    );
    this.lines.set(code, { line, dot, count });
    return element("li", {}, line);
  }

  _search(list, scale) {
    const find = (event) => {
      const words = event.target.value.trim().toLowerCase();
      for (const [code, { line }] of this.lines) {
        line.parentElement.hidden = !scale.names[code].toLowerCase().includes(words);
      }
      const others = list.querySelector(".lm-others");
      if (others) others.hidden = words !== "";
    };
    return element("input", {
      type: "search", placeholder: `Find among ${scale.names.length}`, "aria-label": `Find a ${scale.title}`,
      oninput: find, onkeydown: (event) => event.stopPropagation(),
    });
  }

  _updateCategories(scale) {
    const { rows, theme } = this.map;
    const shown = new Uint32Array(scale.names.length);
    const selected = new Uint32Array(scale.names.length);
    for (let slot = 0; slot < rows.n; slot++) {
      if (rows.isShown(slot)) shown[scale.shade[slot]]++;
      if (rows.isSelected(slot)) selected[scale.shade[slot]]++;
    }
    for (const [code, { line, dot, count }] of this.lines) {
      const hidden = scale.hidden.has(code);
      const total = scale.totals[code];
      line.classList.toggle("lm-off", hidden);
      line.setAttribute("aria-pressed", String(!hidden));
      dot.style.background = css(scale.colour(code, theme));
      const part = shown[code] === total || hidden ? whole(total) : `${whole(shown[code])} / ${whole(total)}`;
      if (count.textContent !== part) count.textContent = part;
      line.style.setProperty("--share", this.map.selectedCount ? selected[code] / (total || 1) : 0);
      count.title = this.map.selectedCount
        ? `${whole(selected[code])} of ${whole(total)} selected`
        : `${part} shown`;
    }
  }

  // -- values --------------------------------------------------------------------------------------

  _values(scale) {
    const bars = document.createElementNS(SVG, "svg");
    bars.setAttribute("viewBox", `0 0 ${scale.counts.length} 40`);
    bars.setAttribute("preserveAspectRatio", "none");
    bars.setAttribute("aria-hidden", "true");
    const most = Math.max(...scale.counts, 1);
    const path = Array.from(scale.counts, (count, bin) => {
      const height = count ? Math.max(1, 38 * Math.sqrt(count / most)) : 0;
      return `M${bin} 40v${-height}h.86v${height}z`;
    });
    bars.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", path.join(""));
    this.bar = element("div", { class: "lm-bar" });
    this.brush = element("div", { class: "lm-brush", hidden: true });
    const title = "Drag to show only a range; double-click to show all.";
    const plot = element("div", { class: "lm-histogram", title }, bars, this.bar, this.brush);
    this._brushing(plot, scale);
    const ends = element("div", { class: "lm-ends" },
      element("span", {}, `${scale.below ? "≤ " : ""}${number(scale.low)}`),
      element("span", {}, `${scale.above ? "≥ " : ""}${number(scale.high)}`));
    this.inputs = [0, 1].map((end) => this._input(scale, end));
    const range = element("div", { class: "lm-range" }, this.inputs[0], " to ", this.inputs[1]);
    this.told = element("p", { class: "lm-quiet" });
    this.root.append(plot, ends, range, this.told);
  }

  _input(scale, end) {
    return element("input", {
      type: "number", step: "any", "aria-label": `Show ${scale.title} ${end ? "to" : "from"}`,
      placeholder: end ? "highest" : "lowest",
      onkeydown: (event) => event.stopPropagation(),
      onchange: () => this._change(() => {
        const [low, high] = this.inputs.map((input) => input.value.trim());
        const range = [low === "" ? -Infinity : Number(low), high === "" ? Infinity : Number(high)];
        scale.range = range.some(Number.isFinite) ? range : null;
      }),
    });
  }

  _brushing(plot, scale) {
    let from = null;
    const value = (event) => {
      const box = plot.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    plot.addEventListener("pointerdown", (event) => {
      plot.setPointerCapture(event.pointerId);
      from = value(event);
    });
    plot.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const [low, high] = [from, value(event)].sort((a, b) => a - b);
      if (high - low < 0.01) return;
      const at = (share) => scale.low + share * (scale.high - scale.low);
      // At an end the range takes in what lies beyond it.
      scale.range = [low === 0 ? -Infinity : at(low), high === 1 ? Infinity : at(high)];
      this.map.filterChanging();
    });
    plot.addEventListener("pointerup", () => {
      if (from !== null) this.map.filterChanged();
      from = null;
    });
    plot.addEventListener("dblclick", () => this._change(() => scale.showAll()));
  }

  _updateValues(scale) {
    const { map } = this;
    this.bar.style.background = scale.gradient(map.theme);
    const share = (value) => Math.min(1, Math.max(0, (value - scale.low) / (scale.high - scale.low || 1)));
    this.brush.hidden = !scale.range;
    if (scale.range) {
      const [low, high] = scale.range.map(share);
      Object.assign(this.brush.style, { left: `${100 * low}%`, width: `${100 * (high - low)}%` });
    }
    this.inputs.forEach((input, end) => {
      const value = scale.range?.[end];
      if (input.matches(":focus")) return;
      input.value = Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "";
    });
    const parts = [];
    if (map.rows.shown < map.rows.n) parts.push(`${whole(map.rows.shown)} / ${whole(map.rows.n)} shown`);
    if (scale.missing) parts.push(`${whole(scale.missing)} without a value, in grey`);
    this.told.textContent = parts.join(" · ");
  }
}
