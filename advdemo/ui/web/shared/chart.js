// The page's one line chart: SVG for the lines, in a box from 0 to 1 that stretches, HTML for what must not stretch.

import { make, makeSvg } from "./dom.js";

/** @typedef {[number, number]} Point */
/**
 * @typedef {object} Series
 * @property {Point[]} points
 * @property {string} name class of the line and its dots
 * @property {string} [colour] a CSS colour, where the class does not decide it
 * @property {"all" | "last" | "none"} [dots]
 * @property {(y: number) => string} [labels] beside the dots
 */
/**
 * @typedef {object} Area between two lines
 * @property {Point[]} above
 * @property {Point[]} below
 * @property {string} colour
 */
/**
 * @typedef {object} Axis
 * @property {number} [min]
 * @property {number} max
 * @property {number[]} ticks
 * @property {(value: number) => string} text
 */

/** Where a value lies between the ends of an axis, in 0..1. @param {number} value @param {Axis} axis */
export const place = (value, { min = 0, max }) => Math.min(1, Math.max(0, (value - min) / (max - min)));

/** An SVG path through points, in 0..1, down being larger. @param {Point[]} points @param {Axis} x @param {Axis} y */
export function linePath(points, x, y) {
  const many = points.length > 1 ? points : [...points, ...points]; // one point alone is a dot
  return `M${many.map(([a, b]) => `${place(a, x).toFixed(4)} ${(1 - place(b, y)).toFixed(4)}`).join("L")}`;
}

/**
 * Draw into a box. Returns its cursor, a line that `moveCursor` puts in place; it is hidden until then.
 * @param {Element} box
 * @param {{series: Series[], x: Axis, y: Axis, bands?: Point[], areas?: Area[], marks?: number[], label: string}} chart
 * bands and marks: stretches and places on the x axis
 */
export function drawChart(box, { series, x, y, bands = [], areas = [], marks = [], label }) {
  const drawn = series.filter(({ points }) => points.length);
  const svg = makeSvg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", role: "img", "aria-label": label });
  for (const [from, to] of bands) {
    svg.append(makeSvg("rect", { x: place(from, x), y: 0, width: place(to, x) - place(from, x), height: 1 }));
  }
  for (const { above, below, colour } of areas) {
    if (above.length < 2) continue;
    const area = makeSvg("path", { class: "area", d: `${linePath([...above, ...below.toReversed()], x, y)}Z` });
    area.style.fill = colour;
    svg.append(area);
  }
  for (const tick of y.ticks) {
    const height = 1 - place(tick, y);
    svg.append(makeSvg("line", { x1: 0, x2: 1, y1: height, y2: height }));
  }
  for (const mark of marks) {
    svg.append(makeSvg("line", { class: "mark", x1: place(mark, x), x2: place(mark, x), y1: 0, y2: 1 }));
  }
  for (const { points, name, colour } of drawn) {
    const path = makeSvg("path", { class: name, d: linePath(points, x, y) });
    if (colour) path.style.stroke = colour;
    svg.append(path);
  }
  const cursor = make("div", { className: "cursor", hidden: true });
  box.classList.add("chart");
  box.replaceChildren(
    svg,
    ...y.ticks.map((tick) => make("span", { className: "y", style: { bottom: share(place(tick, y)) } }, y.text(tick))),
    ...x.ticks.map((tick) => make("span", { className: "x", style: { left: share(place(tick, x)) } }, x.text(tick))),
    ...drawn.flatMap((line) => dots(line, x, y)),
    cursor,
  );
  return cursor;
}

/** @param {HTMLElement} cursor @param {number} x @param {number} y of its dot, both in 0..1 */
export function moveCursor(cursor, x, y) {
  cursor.hidden = false;
  cursor.style.left = share(x);
  cursor.style.setProperty("--dot", share(1 - y));
}

/** @param {Series} series @param {Axis} x @param {Axis} y */
function dots({ points, name, colour, dots = "none", labels }, x, y) {
  const shown = dots === "all" ? points : dots === "last" ? points.slice(-1) : [];
  return shown.map(([a, b]) =>
    make(
      "i",
      {
        className: `dot ${name}`,
        style: { left: share(place(a, x)), bottom: share(place(b, y)), ...(colour && { background: colour }) },
      },
      ...(labels ? [make("span", {}, labels(b))] : []),
    ),
  );
}

/** @param {number} part in 0..1 */
const share = (part) => `${+(100 * part).toFixed(3)}%`;
