/* The card beside the pointer: what the point under it is. */

import { css, whole } from "./colour.js";
import { element } from "./parts.js";

const LONGEST = 420;
/** What may become the source of a picture: it comes from data. */
const PICTURE = /^data:image\/png;base64,[A-Za-z0-9+/=]+$/;

export class Card {
  /** @param pictures says whether texts are pictures. */
  constructor(stage, pictures) {
    this.pictures = pictures;
    this.root = stage.appendChild(element("div", { class: "lm-card", hidden: true, "aria-hidden": "true" }));
  }

  hide() {
    this.root.hidden = true;
  }

  /**
   * @param at `[left, top]` in the stage.
   * @param told `{text, facts: [[name, value, colour?]], row}`; the text may still be on its way.
   */
  show([left, top], { text, facts, row }) {
    const { root } = this;
    root.replaceChildren();
    if (text !== undefined && this.pictures()) {
      // A way from A to B has letters at its ends, and they are no pictures.
      root.append(PICTURE.test(text) ? element("img", { class: "lm-x", src: text, alt: "picture" }) : element("p", {}, text));
    } else if (text !== undefined) {
      const short = text.length > LONGEST ? text.slice(0, LONGEST - 1) + "…" : text;
      root.append(element("p", { class: text ? "" : "lm-quiet" }, text === "" ? "(empty)" : short));
    }
    const line = element("div", { class: "lm-facts" });
    for (const [name, value, colour] of facts) {
      const dot = colour && element("i", { class: "lm-dot", style: `background:${css(colour)}` });
      line.append(element("span", {}, dot, element("em", {}, name), " ", element("b", {}, value)));
    }
    if (row !== undefined) {
      line.append(element("span", {}, element("em", {}, "row"), " ", element("b", {}, whole(row))));
    }
    root.append(line);
    root.hidden = false;
    this._placeBeside(left, top);
  }

  /** Below and right of the pointer, or on the other side where there is no room. */
  _placeBeside(left, top) {
    const { root } = this;
    const { clientWidth, clientHeight } = root.parentElement;
    const { offsetWidth, offsetHeight } = root;
    const across = left + 16 + offsetWidth < clientWidth ? left + 16 : left - 16 - offsetWidth;
    const down = top + 16 + offsetHeight < clientHeight ? top + 16 : top - 16 - offsetHeight;
    root.style.transform = `translate(${Math.max(4, across)}px, ${Math.max(4, down)}px)`;
  }
}
