// What one paints with: the pens, their width, and the gradient's signs as a hint.

import { picker, press } from "../../shared/dom.js";

/** @type {Record<string, number>} the pens' signs; + and - with Shift or without */
const KEYS = { "+": 1, "=": 1, "-": -1, _: -1, e: 0, E: 0 };

/**
 * @param {Element} root
 * @param {object} page
 * @param {() => void} page.onHint it is to be shown, or no longer
 * @param {() => void} page.undo
 * @param {() => void} page.clear
 */
export function makeTools(root, { onHint, undo, clear }) {
  const pick = picker(root);
  const pens = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".hand [data-sign]"));
  const widths = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".hand [data-width]"));
  const hint = pick('[data-testid="hand-hint"]');
  const buttons = { undo: pick('[data-testid="hand-undo"]'), clear: pick('[data-testid="hand-clear"]') };
  let pen = { sign: 1, width: 2 };
  let hinted = false;

  /** @param {Partial<import("./painting.js").Pen>} changed */
  function take(changed) {
    pen = { ...pen, ...changed };
    press(pens, ({ dataset }) => Number(dataset.sign) === pen.sign);
    press(widths, ({ dataset }) => Number(dataset.width) === pen.width);
  }

  for (const one of pens) one.addEventListener("click", () => take({ sign: Number(one.dataset.sign) }));
  for (const one of widths) one.addEventListener("click", () => take({ width: Number(one.dataset.width) }));
  hint.addEventListener("click", () => {
    hinted = !hinted;
    hint.setAttribute("aria-pressed", String(hinted));
    onHint();
  });
  buttons.undo.addEventListener("click", undo);
  buttons.clear.addEventListener("click", clear);
  take({});

  return {
    pen: () => pen,
    hinted: () => hinted,
    /** @param {KeyboardEvent} event */
    key({ key, ctrlKey, metaKey, altKey }) {
      if (key in KEYS && !ctrlKey && !metaKey && !altKey) take({ sign: KEYS[key] });
    },
    /** @param {boolean} undoes there is a stroke to take back @param {boolean} clears there is something painted */
    offer(undoes, clears) {
      buttons.undo.disabled = !undoes;
      buttons.clear.disabled = !clears;
    },
  };
}
