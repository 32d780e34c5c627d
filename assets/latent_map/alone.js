/* The map in a file of its own: the bytes are in the page, packed, and nobody is told anything. */

import { fromBase64 } from "./bits.js";
import { Feed } from "./feed.js";
import { LatentMap } from "./map.js";

/** Text of the page -> bytes. */
async function unpacked(text) {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Show the description that the page carries in its script elements. */
export function openPage(host, page = document) {
  const description = JSON.parse(page.getElementById("description").textContent);
  const map = new LatentMap(host, { painter: description.painter });
  const feed = new Feed(map, (name) => unpacked(page.getElementById(name).textContent));
  map.onRetry = () => feed.retry();
  feed.show(description);
  return map;
}
