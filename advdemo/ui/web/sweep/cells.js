// Examples of one cell of the matrix: images of a digit that are read as another.

import { make } from "../shared/dom.js";
import { say, sayError } from "../shared/words.js";
import { drawExample } from "./tables.js";

/** @typedef {{truth: number, predicted: number}} Cell */

/**
 * @param {Element} box
 * @param {(index: number) => void} onOpen
 * @param {(cell: Cell, withWeights: boolean) => void} onAsk
 */
export function makeCells(box, onOpen, onAsk) {
  /** @type {Cell} */
  let cell = { truth: 0, predicted: 0 };

  const ask = (withWeights = false) => onAsk(cell, withWeights);

  /** @param {Cell} wanted */
  function look(wanted) {
    cell = wanted;
    const line = make("p", { className: "empty" });
    say(line, "sweep.looking");
    box.replaceChildren(line);
    ask();
  }

  /** @param {any} value */
  function receive(value) {
    const line = make("p");
    if (value.error) {
      sayError(line, value.error);
      return box.replaceChildren(line);
    }
    /** @type {import("./figures.js").Example[]} */
    const found = JSON.parse(value.found);
    say(line, found.length ? "sweep.some" : "sweep.none_found", cell);
    const row = make("div", { className: "example-row" }, ...found.map((example) => drawExample(example, onOpen)));
    box.replaceChildren(line, row);
  }

  return { look, ask, receive, clear: () => box.replaceChildren() };
}
