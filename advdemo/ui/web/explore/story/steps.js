// The story, as data: what each step sets, points at and waits for. Its words are story.<id> and, once it is done,
// story.<id>_done; a step with several ends names the one that was reached.

import { countOf } from "../hand/painting.js";

/**
 * @typedef {object} Now what is on screen
 * @property {number} epsilon
 * @property {number} step where the slider stands
 * @property {import("../result/reading.js").Scan} scan
 * @property {{model: string, attack: string}} side
 * @property {boolean} drawn it is a drawing
 * @property {string} acted the button of this step that was pressed, in the strip or where it stands
 * @property {Set<string>} zones of the track that were visited in this step
 */
/** @typedef {{name: string, choose?: Record<string, string>, press?: string, tab?: string}} Act */
/**
 * @typedef {object} Step
 * @property {string} id
 * @property {string} [link] the state that it begins with
 * @property {(now: Now) => boolean} [unless] what makes the link needless
 * @property {Record<string, string>} [choose] values of controls, by their names for automation
 * @property {string} [press] a button, likewise
 * @property {string} mark what it points at
 * @property {boolean} [proof] how far the digit is certified is told
 * @property {Act[]} [acts] its own buttons
 * @property {(now: Now) => boolean} [tried] it was tried, and is not done: what to try then is story.<id>_tried
 * @property {(now: Now) => string | boolean} done whether it is done; or the end that was reached
 */

/** @param {Now} now */
const fooled = ({ scan, step }) => scan.winners[step] !== scan.label;

/** @type {Step[]} */
export const STEPS = [
  { id: "drag", link: "index=63&epsilon=0", mark: ".control", done: fooled },
  {
    id: "same",
    unless: fooled,
    link: "index=63&epsilon=0.15",
    mark: ".adversarial",
    acts: [{ name: "same_yes" }, { name: "same_no" }],
    done: ({ acted }) => acted.replace("same", "done"),
  },
  {
    id: "noise",
    unless: fooled,
    link: "index=63&epsilon=0.15",
    mark: ".setup .for-attack",
    acts: [{ name: "noise_act", choose: { attack: "noise" } }],
    done: (now) => now.side.attack === "noise" && now.step > 0 && !fooled(now),
  },
  {
    id: "draw",
    choose: { attack: "fgsm", epsilon: "0" },
    press: "source-draw",
    mark: ".source",
    done: ({ drawn, scan }) => drawn && (scan.flip === null ? "held" : "done"),
  },
  {
    id: "hand",
    link: "index=63&epsilon=0.2",
    press: "hand",
    mark: ".pictures",
    acts: [
      { name: "hand_act", press: "hand" },
      { name: "hand_machine", press: "few-run" },
    ],
    tried: ({ scan }) => painted(scan) > 0,
    done(now) {
      if (now.acted === "hand_machine") return "flipped";
      return now.scan.attack === "hand" ? fooled(now) : now.acted && "gradient";
    },
  },
  {
    id: "robust",
    link: "index=63&epsilon=0.2",
    mark: ".setup .for-model",
    acts: [{ name: "robust_act", choose: { model: "robust" } }],
    done: (now) => now.side.model === "robust" && now.step > 0 && !fooled(now),
  },
  {
    id: "zones",
    link: "index=17&model=certified&epsilon=0",
    mark: ".control",
    proof: true,
    done: ({ zones }) => zones.size === 3,
  },
  {
    id: "sweep",
    mark: "",
    proof: true,
    acts: [{ name: "sweep_act", tab: "sweep" }],
    done: ({ acted }) => acted === "sweep_act",
  },
];

/** How many pixels the visitor has painted. @param {Now["scan"]} scan */
export const painted = ({ attack, sign }) => (attack === "hand" && sign ? countOf(sign) : 0);

/** The zone of the track where the slider stands; none as long as there is no proof. @param {Now} now */
export function zoneOf(now) {
  const { proved } = now.scan;
  if (typeof proved !== "number") return null;
  if (fooled(now)) return "fooled";
  return now.epsilon <= proved ? "certified" : "undecided";
}
