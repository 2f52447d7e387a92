// The undecided zone, made smaller on request: from where the strongest attack at hand succeeds.

import { picker } from "../../shared/dom.js";
import { askAbout } from "../../shared/networks.js";
import { makeTurns } from "../../shared/turns.js";
import { hush, say } from "../../shared/words.js";
import { isUndecided, narrowed } from "./reading.js";

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {(withWeights: boolean) => any} page.request the digit and the networks, as the server is asked for them
 * @param {ReturnType<typeof import("../choices.js").makeChoices>} page.choices
 * @param {ReturnType<typeof import("./result.js").makeResult>} page.result
 */
export function makeNarrow(root, { request, choices, result }) {
  const pick = picker(root);
  const button = pick('[data-testid="narrow"]');
  const told = [pick(".narrowed"), pick(".other-narrowed")];
  const turns = makeTurns();

  /** Another digit, network or attack is on screen, or its proof is. */
  function receive() {
    turns.end();
    button.disabled = false;
    show();
  }

  /** What can be asked of the scans on screen, and what is known already: of veiled ones, nothing. */
  function show() {
    const open = result.scans().filter((scan) => isUndecided(scan) && scan.strongest === undefined);
    button.hidden = choices.live() || !open.length;
    if (!button.disabled) tell();
  }

  async function run() {
    button.disabled = true;
    say(told[0], "proof.narrowing");
    await turns.take(
      async (signal) => {
        const { sides } = await askAbout("narrow", request, { signal, onTrouble });
        button.disabled = false;
        result.narrow(sides);
        show();
      },
      (trouble) => {
        button.disabled = false;
        onTrouble(trouble);
      },
    );
  }

  function tell() {
    const scans = result.scans();
    told.forEach(hush);
    scans.forEach((scan, i) => {
      const words = narrowed(scan);
      if (!words) return;
      if (scans.length === 1) say(told[i], words.key, words.values);
      else say(told[i], "explore.named", { name: choices.title(choices.sides()[i]), words });
    });
  }

  /** @param {import("../../shared/words.js").Phrase} trouble */
  const onTrouble = ({ key, values }) => say(told[0], key, values);

  button.addEventListener("click", run);
  return { receive, show };
}
