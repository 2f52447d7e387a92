// The network's layers, and how many numbers each has to learn.

import { make } from "../shared/dom.js";
import { numeral } from "../shared/numbers.js";
import { makeSaying } from "../shared/words.js";

/** @param {Element} body of a table @param {[string, number[], number][]} layers name, shape, parameters */
export function drawLayers(body, layers) {
  const total = layers.reduce((sum, [, , count]) => sum + count, 0);
  body.replaceChildren(
    ...layers.map(([name, shape, count]) => {
      const cells = [name, `[1, ${shape.join(", ")}]`, numeral(count)];
      return make("tr", {}, ...cells.map((cell) => make("td", {}, cell)));
    }),
    make("tr", { className: "total" }, makeSaying("td", {}, "train.total"), make("td"), make("td", {}, numeral(total))),
  );
}
