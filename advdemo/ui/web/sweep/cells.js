// Examples of one cell of the matrix: images of a digit that are read as another.

import { make } from "../shared/dom.js";
import { askAbout } from "../shared/networks.js";
import { makeTurns } from "../shared/turns.js";
import { makeSaying, sayError } from "../shared/words.js";
import { drawExample } from "./tables.js";

/** @typedef {{truth: number, predicted: number}} Cell */

/**
 * @param {Element} box
 * @param {(index: number) => void} onOpen
 * @param {() => {request: object, weights?: string}} about what the matrix is about
 */
export function makeCells(box, onOpen, about) {
  const turns = makeTurns();

  /** @param {Cell} cell */
  function look(cell) {
    const line = makeSaying("p", { className: "empty" }, "sweep.looking");
    box.replaceChildren(line);
    const { request, weights } = about();
    /** @param {boolean} withWeights */
    const asked = (withWeights) => ({ ...request, ...cell, ...(withWeights && { weights }) });
    /** @param {import("../shared/server.js").Trouble} trouble */
    const onTrouble = (trouble) => sayError(line, trouble);
    turns.take(async (signal) => show(cell, (await askAbout("cell", asked, { signal, onTrouble })).found), onTrouble);
  }

  /** @param {Cell} cell @param {import("./figures.js").Example[]} found */
  function show(cell, found) {
    const line = makeSaying("p", {}, found.length ? "sweep.some" : "sweep.none_found", cell);
    const row = make("div", { className: "example-row" }, ...found.map((example) => drawExample(example, onOpen)));
    box.replaceChildren(line, row);
  }

  function clear() {
    turns.end(); // an answer under way is of another cell
    box.replaceChildren(makeSaying("p", { className: "quiet" }, "sweep.matrix_hint"));
  }
  clear();

  return { look, clear };
}
