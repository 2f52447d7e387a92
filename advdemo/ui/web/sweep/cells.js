// Examples of one cell of the matrix: images of a digit that are read as another.

import { make } from "../shared/dom.js";
import { askPatiently, isTrouble, isUnknown } from "../shared/server.js";
import { say, sayError } from "../shared/words.js";
import { drawExample } from "./tables.js";

/** @typedef {{truth: number, predicted: number}} Cell */

/**
 * @param {Element} box
 * @param {(index: number) => void} onOpen
 * @param {() => {question: object, weights?: string}} about what the matrix is about
 */
export function makeCells(box, onOpen, about) {
  let asking = new AbortController();

  /** @param {Cell} cell */
  async function look(cell, withWeights = false) {
    clear();
    const { signal } = asking;
    const line = make("p", { className: "empty" });
    say(line, "sweep.looking");
    box.replaceChildren(line);
    const { question, weights } = about();
    /** @param {import("../shared/server.js").Trouble} trouble */
    const onTrouble = (trouble) => sayError(line, trouble);
    try {
      const asked = { ...question, ...cell, ...(withWeights && { weights }) };
      const { found } = await askPatiently("cell", asked, { signal, onTrouble });
      show(cell, found);
    } catch (error) {
      if (signal.aborted) return;
      if (isUnknown(error) && !withWeights) return look(cell, true);
      if (!isTrouble(error)) throw error;
      sayError(line, error);
    }
  }

  /** @param {Cell} cell @param {import("./figures.js").Example[]} found */
  function show(cell, found) {
    const line = make("p");
    say(line, found.length ? "sweep.some" : "sweep.none_found", cell);
    const row = make("div", { className: "example-row" }, ...found.map((example) => drawExample(example, onOpen)));
    box.replaceChildren(line, row);
  }

  function clear() {
    asking.abort(); // an answer under way is of another cell
    asking = new AbortController();
    box.replaceChildren();
  }

  return { look, clear };
}
