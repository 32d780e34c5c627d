/* Points by the graphics card: WebGL 2, one context, each pane a viewport of it. */

const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in float shade;
layout(location = 2) in float flags;   // 1: hidden, 2: selected
layout(location = 3) in float size;    // 8 is the usual size; 4 more is twice as large
uniform vec4 view;                     // centre, and clip units per world unit
uniform float radius;                  // device pixels
uniform int pass;                      // 0: all, 1: the rest while a selection exists, 2: the selection
uniform vec3 faint;
uniform sampler2D palette;
out vec3 colour;
out float reach;
void main() {
  bool hidden = mod(flags, 2.0) > 0.5;
  bool selected = flags > 1.5;
  bool drawn = !hidden && (pass == 0 || selected == (pass == 2));
  int entry = int(shade);
  colour = pass == 1 ? faint : texelFetch(palette, ivec2(entry & 255, entry >> 8), 0).rgb;
  reach = radius * exp2((size - 8.0) / 4.0);
  gl_PointSize = 2.0 * reach + 2.0;
  gl_Position = drawn ? vec4((place - view.xy) * view.zw, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 colour;
in float reach;
uniform float alpha;
out vec4 pixel;
void main() {
  float distance = length(gl_PointCoord - 0.5) * (2.0 * reach + 2.0);
  float cover = clamp(reach + 0.5 - distance, 0.0, 1.0) * alpha;
  if (cover <= 0.0) discard;
  pixel = vec4(colour * cover, cover);
}`;

const ATTRIBUTES = { shade: [1, "UNSIGNED_SHORT"], flags: [2, "UNSIGNED_BYTE"], sizes: [3, "UNSIGNED_BYTE"] };

/** What emulations call themselves; not all of them admit a "major performance caveat" when asked. */
const EMULATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function rendererOf(gl) {
  const asked = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(asked ? asked.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

export class GpuPainter {
  /** @returns null where WebGL 2 is missing or, unless forced, is only emulated. */
  static on(canvas, forced = false) {
    const gl = canvas.getContext("webgl2", {
      alpha: false,
      antialias: false,
      powerPreference: "high-performance",
      failIfMajorPerformanceCaveat: !forced,
    });
    return gl && (forced || !EMULATED.test(rendererOf(gl))) ? new GpuPainter(canvas, gl) : null;
  }

  constructor(canvas, gl) {
    this.name = "graphics card (WebGL 2)";
    this.canvas = canvas;
    this.gl = gl;
    this.onRestored = this.onLost = () => {};
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // or it is never restored
      this.lost = true;
      this.onLost();
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this._build();
      this.onRestored();
    });
    this._build();
  }

  _build() {
    const { gl } = this;
    this.lost = false;
    this.buffers = new Map();
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`the map's shaders do not link: ${gl.getProgramInfoLog(program)}`);
    }
    gl.useProgram(program);
    this.uniforms = Object.fromEntries(
      ["view", "radius", "pass", "faint", "alpha"].map((name) => [name, gl.getUniformLocation(program, name)]),
    );
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.enable(gl.SCISSOR_TEST);
  }

  /** An array on the card; sent again only when its version is another. */
  _buffer(name, array, version) {
    const { gl } = this;
    let held = this.buffers.get(name);
    if (!held) this.buffers.set(name, (held = { buffer: gl.createBuffer() }));
    gl.bindBuffer(gl.ARRAY_BUFFER, held.buffer);
    if (held.version === version) return;
    if (held.length === array.length) gl.bufferSubData(gl.ARRAY_BUFFER, 0, array);
    else gl.bufferData(gl.ARRAY_BUFFER, array, gl.DYNAMIC_DRAW);
    Object.assign(held, { version, length: array.length });
  }

  _palette(palette, version) {
    const held = this.buffers.get("palette");
    if (held?.version === version) return;
    const { gl } = this;
    const square = new Uint32Array(256 * Math.max(1, Math.ceil(palette.length / 256)));
    square.set(palette);
    gl.texImage2D(
      gl.TEXTURE_2D, 0, gl.RGBA, 256, square.length / 256, 0, gl.RGBA, gl.UNSIGNED_BYTE,
      new Uint8Array(square.buffer),
    );
    this.buffers.set("palette", { version });
  }

  /** Draw a scene (see `LatentMap._scene`). */
  paint(scene) {
    const { gl, canvas } = this;
    if (this.lost || gl.isContextLost()) return;
    const width = Math.max(1, Math.round(scene.width * scene.dpr));
    const height = Math.max(1, Math.round(scene.height * scene.dpr));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    gl.scissor(0, 0, width, height);
    gl.clearColor(...scene.background.map((channel) => channel / 255), 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this._palette(scene.palette, scene.versions.palette);
    for (const [name, [location, type]] of Object.entries(ATTRIBUTES)) {
      this._buffer(name, scene[name], scene.versions[name]);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, 1, gl[type], false, 0, 0);
    }
    gl.uniform3fv(this.uniforms.faint, scene.faint.map((channel) => channel / 255));
    scene.panes.forEach((pane, place) => this._pane(scene, pane, place));
  }

  _pane(scene, pane, place) {
    const { gl, uniforms } = this;
    const { rect, scale } = pane.view;
    const [left, bottom, width, height] = [
      rect.x, scene.height - rect.y - rect.height, rect.width, rect.height,
    ].map((length) => Math.round(length * scene.dpr));
    gl.viewport(left, bottom, width, height);
    gl.scissor(left, bottom, width, height);
    this._buffer(`place${place}`, pane.xy, pane.version);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.uniform4f(
      uniforms.view, pane.view.x, pane.view.y, (2 * scale[0]) / rect.width, (2 * scale[1]) / rect.height,
    );
    for (const layer of pane.layers) {
      gl.uniform1f(uniforms.radius, layer.radius * scene.dpr);
      gl.uniform1f(uniforms.alpha, layer.alpha);
      gl.uniform1i(uniforms.pass, layer.pass);
      gl.drawArrays(gl.POINTS, 0, layer.count);
    }
  }

  /** Call `act` once what was asked for is drawn: the card works on while the page does. */
  whenDone(act) {
    const { gl } = this;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    const look = () => {
      if (this.lost || gl.isContextLost()) return;
      if (gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED) return void setTimeout(look, 4);
      gl.deleteSync(fence);
      act();
    };
    setTimeout(look, 0);
  }

  destroy() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
