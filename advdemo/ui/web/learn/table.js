// The table of robustness: what was measured of each network, from the records of their checkpoints.

import { make } from "../shared/dom.js";
import { inPercent } from "../shared/numbers.js";
import { makeSaying, say } from "../shared/words.js";

/** @typedef {Record<string, number | null | undefined> | null} Figures accuracies in 0..1, and their conditions */

const ROWS = ["clean", "fgsm", "pgd", "bpda", "momentum", "square", "autoattack", "certified", "pixels"];

/** @param {HTMLTableElement} table @param {Record<string, Figures>} networks their figures by name */
export function drawTable(table, networks) {
  const names = Object.keys(networks).filter((name) => networks[name]);
  if (!names.length) return;
  // All were measured alike.
  /** @param {string} key */
  const values = (key) => names.map((name) => networks[name]?.[key] ?? null);
  /** @param {string} key */
  const shared = (key) => values(key).find((value) => value !== null);
  const epsilon = shared("epsilon");
  const at = epsilon ? { key: "learn.table_at", values: { epsilon: String(epsilon) } } : "";
  say(/** @type {Element} */ (table.caption), "learn.table", { at });
  /** @param {string} scope @param {string} key @param {import("../shared/words.js").Values} [values] */
  const head = (scope, key, values) => {
    const cell = makeSaying("th", { scope }, key, values);
    return cell;
  };
  const titles = names.map((name) => head("col", `networks.${name}`));
  table.tHead?.rows[0].replaceChildren(head("col", "learn.table_attack"), ...titles);
  table.tBodies[0].replaceChildren(
    ...ROWS.filter((key) => values(key).some((value) => value !== null)).map((key) => {
      const shown = key === "pixels" ? String : inPercent;
      const cells = values(key).map((value) => make("td", {}, value === null ? "–" : shown(value)));
      const images = shared(key === "pixels" ? "pixels_images" : "autoattack_images") ?? 10_000;
      return make("tr", {}, head("row", `learn.row_${key}`, { images }), ...cells);
    }),
  );
  table.hidden = false;
}
