/* What lies under the pointer, and what a click on it does. */

import { Bits } from "./bits.js";
import { Card } from "./card.js";
import { markAt } from "./marks.js";

const REACH = 14;

/** Follows the pointer over the map: the row or mark under it, the card beside it, the focus. */
export class Pointing {
  constructor(map) {
    this.map = map;
    this.card = new Card(map.stage, () => map.about.pictures);
    this.forget();
  }

  /** Other rows: nothing is pointed at. */
  forget() {
    this.place = null;
    this.row = null;
    this.focus = null;
    this.card.hide();
  }

  /** What is under a place of the stage: `{pane, row}`, `{pane, mark}` or null. */
  pick(place, reach = REACH) {
    const { rows } = this.map;
    const pane = place && this.map.paneAt(...place);
    if (!pane) return null;
    const mark = markAt(this.map, pane, rows.panes.indexOf(pane), ...place);
    if (mark) return { pane, mark };
    const [x, y] = pane.view.toWorld(...place);
    const slot = pane.grid.nearest(x, y, pane.view.scale, reach, (each) => rows.isShown(each));
    return slot < 0 ? null : { pane, row: rows.rowOf[slot] };
  }

  /** The pointer is here; null: it is nowhere. */
  at(place) {
    const { map } = this;
    if (!map.rows) return;
    this.place = place;
    const found = this.pick(place);
    const row = found?.row ?? null;
    map.stage.classList.toggle("lm-over", found !== null);
    if (row !== this.row) {
      this.row = row;
      map.invalidate(false);
    }
    if (!found) return this.card.hide();
    if (found.mark) return this.card.show(place, found.mark);
    this.card.show(found.pane.screen(map.rows.slotOf[row]), this.tell(row));
  }

  /** A picture has come: the card that waits for it is written anew. */
  again() {
    if (this.place && this.row !== null) this.at(this.place);
  }

  /** What is known of a row. */
  tell(row) {
    const { rows, scale, labels, texts, numbers, theme } = this.map;
    const slot = rows.slotOf[row];
    const facts = [];
    for (const each of labels?.key === scale.key ? [scale] : [labels, scale]) {
      const told = each?.say(slot);
      if (told) facts.push([...told, each === scale ? scale.colourAt(slot, theme) : null]);
    }
    return { text: texts?.at(row), facts, row: numbers ? numbers[row] : row };
  }

  clicked(place, how) {
    const { map } = this;
    const row = this.pick(place)?.row ?? null;
    if (how === "replace") this.setFocus(row);
    else if (row !== null) map.chosen.combine(Bits.of(map.rows.n, [row]), how);
  }

  setFocus(row) {
    if (this.focus === row) return;
    this.focus = row;
    this.map.invalidate(false);
    this.map.tell();
  }

  /** For the keyboard: focus the row nearest to the middle of the (first) pane, and read it out. */
  focusMiddle() {
    const { map } = this;
    const [pane] = map.rows.panes;
    const { width, height } = pane.view.rect;
    const found = this.pick(pane.view.middle, Math.max(width, height) / 3);
    if (found?.row === undefined) return;
    this.setFocus(found.row);
    const { text, facts, row } = this.tell(found.row);
    this.card.show(pane.screen(map.rows.slotOf[found.row]), { text, facts, row });
    const said = map.about.pictures ? "picture" : text;
    map.announce([said, ...facts.map(([name, value]) => `${name} ${value}`), `row ${row}`].join(", "));
  }
}
