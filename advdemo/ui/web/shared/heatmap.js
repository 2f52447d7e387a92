// The page's one heat map: a table whose cells are the darker, the more there is.

import { make } from "./dom.js";

/**
 * @typedef {object} Cell
 * @property {string} text
 * @property {string} [kind] class of the cell: "right", "wrong" or "none" decide its colour
 * @property {number} [weight] in 0..1
 * @property {Record<string, any>} [button] properties of a button in it, if it can be clicked
 */

/**
 * @param {Element} table
 * @param {{corner?: string, columns: string[], rows: {name: string, cells: Cell[]}[]}} content
 */
export function drawHeatmap(table, { corner = "", columns, rows }) {
  const head = columns.map((name) => make("th", { scope: "col" }, name));
  table.classList.add("heatmap");
  table.replaceChildren(
    make("thead", {}, make("tr", {}, make(corner ? "th" : "td", { className: "corner" }, corner), ...head)),
    make(
      "tbody",
      {},
      ...rows.map(({ name, cells }) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map(drawCell))),
    ),
  );
}

/** @param {Cell} cell */
function drawCell({ text, kind = "", weight = 0, button }) {
  const content = button && text ? make("button", { type: "button", className: "bare", ...button }, text) : text;
  return make("td", { className: kind, style: { "--weight": weight.toFixed(2) } }, content);
}
