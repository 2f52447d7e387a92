// What rounded pixels can do and cannot: how many of a digit's pixels can cross 0.5 within epsilon, and how few, turned
// over at will, change a network's answer.

import { EPSILONS } from "../../lenet/scan.js";
import { picker } from "../../shared/dom.js";
import { askAbout } from "../../shared/networks.js";
import { paint } from "../../shared/pixels.js";
import { makeTurns } from "../../shared/turns.js";
import { hush, say } from "../../shared/words.js";
import { DOWN, GROUND, UP } from "../result/side.js";
import { crossings } from "./crossings.js";

/** @typedef {ReturnType<typeof import("../choices.js").makeChoices>} Choices */

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {(withWeights: boolean) => any} page.request the digit and the networks, as the server is asked for them
 * @param {Choices} page.choices
 * @param {(error: any) => void} page.showError
 */
export function makeBinary(root, { request, choices, showError }) {
  const pick = picker(root);
  const crossing = pick(".crossing");
  const status = pick(".few-status");
  const button = pick('[data-testid="few-run"]');
  const figures = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".few-pixels figure"));
  const [changes, turned] = [...figures].map(
    (figure) => /** @type {HTMLCanvasElement} */ (figure.querySelector("canvas")),
  );
  const turns = makeTurns();
  /** @type {number[]} pixels that can cross at each epsilon */
  let counts = [];
  /** @type {Uint8Array} */
  let image = new Uint8Array(784);

  /** Another digit, network or attack. @param {Uint8Array} pixels */
  function receive(pixels) {
    turns.end();
    image = pixels;
    const rounded = choices.sides().some(({ model }) => model === "binarised");
    crossing.hidden = !rounded;
    counts = rounded ? crossings(image, EPSILONS) : [];
    hush(status);
    button.disabled = false;
    for (const figure of figures) figure.hidden = true;
  }

  /** @param {number} step */
  function tick(step) {
    if (!crossing.hidden) {
      say(crossing, "binary.crossing", { epsilon: EPSILONS[step].toFixed(3), count: String(counts[step]) });
    }
  }

  async function run() {
    button.disabled = true;
    say(status, "binary.turning");
    const current = await turns.take(
      async (signal) => {
        const answer = await askAbout("pixels", request, { signal, onTrouble: showError });
        showError(null);
        draw(answer);
      },
      (trouble) => {
        hush(status);
        showError(trouble);
      },
    );
    if (current) button.disabled = false;
  }

  /** @param {{count: number, fooled: boolean, reads: number, image: Uint8Array}} answer */
  function draw({ count, fooled, reads, image: found }) {
    const key = !fooled ? "binary.not_turned" : count ? "binary.turned" : "binary.misread";
    say(status, key, { count, label: reads });
    const caption = /** @type {Element} */ (figures[1].querySelector("figcaption"));
    caption.textContent = String(reads);
    caption.classList.toggle("fooled", fooled);
    for (const figure of figures) figure.hidden = false;
    paint(turned, (i) => found[i]);
    paint(changes, (i) => (found[i] === image[i] ? GROUND : found[i] > image[i] ? UP : DOWN));
  }

  button.addEventListener("click", run);
  return { receive, tick };
}
