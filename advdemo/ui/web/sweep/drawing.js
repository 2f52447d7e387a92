// Everything on the tab that shows figures, drawn anew from the list of curves.

import { picker } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { drawChips, drawCurves } from "./curves.js";
import { bands } from "./figures.js";
import { drawEpsilons, drawExamples, drawHistogram, drawMatrix, drawPerClass, drawTable } from "./tables.js";

/**
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./list.js").makeList>} list
 * @param {import("./figures.js").Reference[]} references
 * @param {(index: number, epsilon: number) => void} onOpen a test image, in the Explore tab
 */
export function makeDrawing(root, list, references, onOpen) {
  const pick = picker(root);
  return function draw() {
    const { current, selected, at } = list;
    const curves = /** @type {any} */ (list.curves);
    const result = current?.result ?? undefined;
    root.dataset.kind = current?.proof ? "proof" : "attack";
    const share = result && root.dataset.state !== "idle" ? result.done / result.total : 0; // saved: none was run
    pick(".progress i").style.transform = `scaleX(${share})`;
    pick(".progress").setAttribute("aria-valuenow", Math.round(100 * share));
    drawCurves(pick("#sweep-chart"), curves, references, selected);
    pick(".if-band").hidden = !bands(curves).length;
    drawChips(pick(".curves"), curves, selected);
    say(pick(".curve-name"), current?.title.key ?? "sweep.the_table", current?.title.values);
    drawTable(pick("#sweep-table tbody"), result, references);
    drawEpsilons(pick(".at-epsilon"), result?.epsilons ?? [], at);
    drawMatrix(pick(".matrix"), result?.flips?.[at] ?? null);
    drawPerClass(pick("table.per-class"), result);
    drawHistogram(pick(".histogram"), result);
    drawExamples(pick(".examples"), result, current?.examples ?? [], onOpen);
  };
}
