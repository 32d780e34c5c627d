/* How Streamlit mounts the map. */

import { Feed } from "./feed.js";
import { LatentMap } from "./map.js";

const MOUNTED = new WeakMap();
const KEPT = 12;
/** Streamlit compresses whole files: half a second a million points, for little. Parts it sends as they are. */
const AS_IT_IS = { headers: { Range: "bytes=0-" } };
const TRIES = 4;

/** Bytes by address; an address is a hash of its bytes, so that none is asked for twice. */
class Bytes {
  constructor(map) {
    this.map = map;
    this.kept = new Map();
  }

  async load(address, part) {
    if (this.kept.has(address)) return this.kept.get(address);
    const buffer = await this._fetch(address, part);
    // Colours come and go; coordinates and sentences live in the map already.
    if (part !== "points" && part !== "texts") this.kept.set(address, buffer);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    return buffer;
  }

  /** The server drops what no page shows and makes it again with the next run: worth asking twice. */
  async _fetch(address, part) {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(address, part === "texts" ? {} : AS_IT_IS);
        if (!response.ok) throw new Error(`the server answered ${response.status}`);
        return await this._read(response, part);
      } catch (error) {
        if (attempt === TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 150 * 3 ** attempt));
      }
    }
  }

  async _read(response, part) {
    const length = Number(response.headers.get("content-length"));
    const packed = response.headers.has("content-encoding");
    if (part !== "points" || packed || length < 2e6) return response.arrayBuffer();
    const bytes = new Uint8Array(length);
    const reader = response.body.getReader();
    for (let at = 0; ; ) {
      const { done, value } = await reader.read();
      if (done) return bytes.buffer;
      bytes.set(value, at);
      at += value.length;
      this.map.note(`Loading the map … ${Math.round((100 * at) / length)} %`);
    }
  }
}

/** Called by Streamlit at the first run and whenever the description changes; returns what ends it. */
export function mount({ data, parentElement, setStateValue }) {
  let mounted = MOUNTED.get(parentElement);
  if (!mounted) {
    const host = parentElement.appendChild(document.createElement("div"));
    host.style.height = "100%";
    const map = new LatentMap(host, { painter: data.painter, key: data.key });
    const bytes = new Bytes(map);
    mounted = { map, host, feed: new Feed(map, (address, part) => bytes.load(address, part)) };
    map.onRetry = () => mounted.feed.retry();
    MOUNTED.set(parentElement, mounted);
  }
  mounted.map.onChange = (state) => setStateValue("picked", state);
  mounted.feed.show(data);
  return () => {
    MOUNTED.delete(parentElement);
    mounted.map.destroy();
    mounted.host.remove();
  };
}
