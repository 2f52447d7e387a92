// The visitor's painting against the gradient: which fools at the smaller epsilon, and with how many pixels.

import { largest, perturbed, pixelsOf, predict } from "../../lenet/scan.js";
import { inSlices } from "../../lenet/slices.js";
import { picker } from "../../shared/dom.js";
import { attempt, makeTurns } from "../../shared/turns.js";
import { hush, say } from "../../shared/words.js";
import { LAST } from "../result/reading.js";
import { countOf, smallest } from "./painting.js";

/** @typedef {import("../../lenet/network.js").Network} Network */
/** @typedef {{image: Uint8Array, label: number}} Digit */

/** @param {Element} root */
export function makeContest(root) {
  const pick = picker(root);
  const [yours, theirs] = [pick(".hand-yours"), pick(".hand-theirs")];
  const turns = makeTurns();
  /** @type {{network: Network, image: Uint8Array, label: number, flip: number | null} | null} of the gradient */
  let known = null;

  /**
   * @param {Network} network
   * @param {Digit} digit
   * @param {Int8Array} gradient its signs
   * @param {{sign: Int8Array, flip: number | null}} painted as its scan has found it
   */
  async function judge(network, { image, label }, gradient, { sign, flip }) {
    const pixels = pixelsOf(image);
    const fooling = (/** @type {Int8Array} */ along) => (/** @type {number} */ epsilon) =>
      largest(predict(network, perturbed(pixels, along, epsilon))) !== label;

    await attempt(
      turns.begin(),
      async (signal) => {
        const count = countOf(sign);
        if (!count) invite();
        else tell(yours, "yours", flip ?? (await inSlices(smallest(fooling(sign), LAST), signal)), count);
        if (!isKnown(network, image, label)) {
          hush(theirs);
          known = { network, image, label, flip: await inSlices(smallest(fooling(gradient)), signal) };
        }
        tell(theirs, "gradient", known?.flip ?? null, countOf(gradient));
      },
      () => {},
    );
  }

  function invite() {
    yours.setAttribute("data-epsilon", "");
    yours.setAttribute("data-count", "0");
    say(yours, "hand.nothing_yet");
  }

  /** @param {Network} network @param {Uint8Array} image @param {number} label */
  const isKnown = (network, image, label) =>
    known?.network === network && known.image === image && known.label === label;

  /** Another painting is about to be judged. */
  function wait() {
    turns.end();
    yours.removeAttribute("data-epsilon");
  }

  return { judge, wait };
}

/** @param {Element} node @param {"yours" | "gradient"} whose @param {number | null} flip @param {number} count */
function tell(node, whose, flip, count) {
  const how = flip === null ? "_never" : flip === 0 ? "_misread" : "";
  node.setAttribute("data-epsilon", String(flip ?? ""));
  node.setAttribute("data-count", String(count));
  say(node, `hand.${whose}${how}`, { epsilon: flip?.toFixed(4) ?? "", count });
}
