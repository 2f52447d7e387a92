// How far a black-box attack has come, in words.

import { numeral } from "../../shared/numbers.js";

/** @typedef {import("../../shared/words.js").Values} Values */
/**
 * @typedef {object} Film as advdemo/ui/blackbox.py answers it, and what was asked for
 * @property {boolean} fooled
 * @property {number} asked queries in all
 * @property {number} most queries allowed
 * @property {Uint8Array} frames 784 pixels each
 * @property {Float32Array} at queries by each frame
 * @property {Uint8Array} reads what the network reads in each frame
 * @property {Float32Array} course its lead in each frame, or how far the picture is
 * @property {string} answers "scores" or "label"
 * @property {number} epsilon the budget
 */

/** While it runs. @param {Film} film @param {number} frame @returns {{key: string, values: Values}} */
export function moment({ answers, course, reads }, frame) {
  const now = course[frame];
  const values = { margin: now.toFixed(2), distance: now.toFixed(3), label: reads[frame] };
  if (answers === "scores") return { key: "blackbox.leads", values };
  return { key: now < 1 ? "blackbox.far" : "blackbox.groping", values };
}

/** At its end. @param {Film} film @returns {{key: string, values: Values}} */
export function outcome({ answers, fooled, asked, reads, course, epsilon }) {
  const last = course[course.length - 1];
  const values = {
    asked: numeral(asked),
    label: reads[reads.length - 1],
    margin: last.toFixed(2),
    distance: last.toFixed(3),
    epsilon: epsilon.toFixed(3),
  };
  if (fooled && asked === 1) return { key: "blackbox.misread", values };
  if (fooled) return { key: "blackbox.fooled", values };
  if (answers === "scores") return { key: "blackbox.spent", values };
  return { key: last < 1 ? "blackbox.too_far" : "blackbox.none", values };
}
