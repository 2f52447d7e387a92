// Pictures to save and to share: drawn as SVG on white, whatever the page's theme, and handed out as PNG.

import { makeSvg } from "./dom.js";
import { isTrue, painted } from "./pixels.js";

const FAMILY = "system-ui, sans-serif"; // a picture knows no fonts but the system's

/** @typedef {{size?: number, colour?: string, weight?: number, align?: string, room?: number}} Style room in pixels */

/** @param {number} width @param {number} height in pixels */
export function makeSheet(width, height) {
  const box = { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": FAMILY };
  const svg = makeSvg("svg", box, makeSvg("rect", { width, height, fill: "#fff" }));

  return {
    /** @param {string} tag @param {Record<string, string | number>} attributes */
    draw: (tag, attributes) => svg.append(makeSvg(tag, { fill: "none", ...attributes })),

    /** One line of text. @param {string} words @param {number} x @param {number} y @param {Style} [style] */
    write(words, x, y, { size = 24, colour = "#334155", weight = 400, align = "start", room = Infinity } = {}) {
      const line = makeSvg("text", { x, y, "font-size": size, "font-weight": weight, fill: colour }, words);
      line.setAttribute("text-anchor", align);
      if (widthOf(words, size, weight) > room) {
        line.setAttribute("textLength", String(room));
        line.setAttribute("lengthAdjust", "spacingAndGlyphs");
      }
      svg.append(line);
    },

    /**
     * What `paint` painted on a canvas.
     * @param {HTMLCanvasElement} canvas @param {number} x @param {number} y @param {number} side
     */
    place(canvas, x, y, side) {
      const cells = painted(canvas).map((colour, i) => {
        return makeSvg("rect", { x: i % 28, y: Math.floor(i / 28), width: 1, height: 1, fill: colour });
      });
      const transform = `translate(${x} ${y}) scale(${side / 28})`;
      svg.append(makeSvg("g", { transform, "shape-rendering": "crispEdges" }, ...cells));
    },

    /**
     * A PNG; SVG where the browser lets no page have a canvas's pixels as they are, as those do that protect privacy.
     * @returns {Promise<Blob>}
     */
    async file() {
      const drawing = new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
      const canvas = document.createElement("canvas");
      try {
        return (isTrue(canvas) && (await rasterise(drawing, Object.assign(canvas, { width, height })))) || drawing;
      } catch {
        return drawing; // this browser refuses
      }
    },
  };
}

/** @param {string} words @param {number} size @param {number} [weight] @returns {number} in pixels */
export function widthOf(words, size, weight = 400) {
  const context = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  context.font = `${weight} ${size}px ${FAMILY}`;
  return context.measureText(words).width;
}

/** @param {Blob} drawing @param {HTMLCanvasElement} canvas @returns {Promise<Blob | null>} */
async function rasterise(drawing, canvas) {
  const image = new Image();
  image.src = URL.createObjectURL(drawing);
  await image.decode();
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
