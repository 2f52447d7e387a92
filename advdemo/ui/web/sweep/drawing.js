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
 * @param {(curve: import("./figures.js").Curve) => boolean} isTheirs whether the references are of such a curve
 * @param {(index: number, epsilon: number) => void} onOpen a test image, in the Explore tab
 */
export function makeDrawing(root, list, references, isTheirs, onOpen) {
  const pick = picker(root);
  return function draw() {
    const { current, selected, at } = list;
    const curves = /** @type {any} */ (list.curves);
    const result = current?.result ?? undefined;
    root.dataset.kind = !current ? "none" : current.proof ? "proof" : "attack";
    root.toggleAttribute("data-examples", Boolean(current?.examples.some((row) => row.length)));
    const share = result && root.dataset.state !== "idle" ? result.done / result.total : 0; // saved: none was run
    pick(".progress i").style.transform = `scaleX(${share})`;
    pick(".progress").setAttribute("aria-valuenow", Math.round(100 * share));
    drawCurves(pick("#sweep-chart"), curves, references, selected);
    pick(".if-band").hidden = !bands(curves).length;
    drawChips(pick(".curves"), curves, selected);
    say(pick(".curve-name"), current?.title.key ?? "sweep.quiet", current?.title.values);
    const [, , right, , accuracy] = root.querySelectorAll("#sweep-table th");
    say(right, current?.proof ? "sweep.certified" : "sweep.correct");
    say(accuracy, current?.proof ? "sweep.certified_accuracy" : "sweep.accuracy");
    say(pick(".per-class-title"), current?.proof ? "sweep.per_class_certified" : "sweep.per_class");
    const theirs = current && isTheirs(current) ? references : [];
    for (const [i, part] of root.querySelectorAll(".if-theirs").entries()) {
      part.toggleAttribute("hidden", !theirs.length || (i === 1 && theirs.length < 2));
    }
    drawTable(pick("#sweep-table tbody"), result, theirs);
    drawEpsilons(pick(".at-epsilon"), result?.epsilons ?? [], at);
    drawMatrix(pick(".matrix"), result?.flips?.[at] ?? null);
    drawPerClass(pick("table.per-class"), result);
    drawHistogram(pick(".histogram"), result);
    drawExamples(pick(".examples"), result, current?.examples ?? [], onOpen);
  };
}
