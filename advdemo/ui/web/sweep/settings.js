// What can be measured: the choices of the boxes above the chart.

import { choose, make, picker } from "../shared/dom.js";
import { onOpen, remember } from "../shared/link.js";
import { offerNetworks, onNetwork } from "../shared/networks.js";
import { option, say } from "../shared/words.js";

const COUNTS = [200, 500, 1000, 2000, 5000]; // images, beside all of them
const FOR_SLOW = 1000; // images, where an attack takes many gradients an image and epsilon
const FOR_CROWN = 200;

/**
 * @param {HTMLElement} root
 * @param {object} offered
 * @param {string[]} offered.networks
 * @param {{name: string, quick: boolean}[]} offered.attacks
 * @param {string[]} offered.proofs methods, offered beside the attacks
 * @param {number} offered.total images
 * @param {number[]} offered.epsilons the usual ones
 * @param {() => void} onChange something else is chosen
 */
export function makeSettings(root, { networks, attacks, proofs, total, epsilons }, onChange) {
  const pick = picker(root);
  const [network, attack, count, list] = ["select.network", "select.attack", ".count", ".epsilons"].map(pick);
  const usual = epsilons.join(", ");
  const isProof = () => proofs.includes(attack.value);

  offerNetworks(network, networks, onChange);
  const methods = make("optgroup", {}, ...proofs.map((name) => option(name, `proof.${name}`)));
  say(methods, "proof.proof", {}, "label");
  attack.append(...attacks.map(({ name }) => option(name, `attacks.${name}`)), methods);
  const counts = COUNTS.filter((images) => images < total);
  count.append(
    ...counts.map((images) => option(images, "sweep.first_images", { count: images })),
    option(total, "sweep.all_images", { count: total }),
  );
  count.value = String(total);
  list.value = usual;

  /** How many images take a visitor seconds rather than minutes. */
  function fitting() {
    if (attack.value === "crown") return FOR_CROWN;
    return attacks.some(({ name, quick }) => name === attack.value && !quick) ? FOR_SLOW : total;
  }
  attack.addEventListener("change", () => {
    if (Number(count.value) === total) choose(count, String(fitting()));
  });
  for (const name of ["change", "input"]) pick(".settings").addEventListener(name, onChange);

  return {
    network,
    /** As the server is asked for them. */
    epsilons: () => list.value,
    chosen: () => ({
      model: network.value,
      attack: attack.value,
      proof: isProof(),
      images: Number(count.value),
    }),
    /** An attack: in place of a proof the first. */
    attack: () => (isProof() ? attacks[0].name : attack.value),
    /** The epsilons as numbers in order; instead of those that no sweep would take the usual ones. */
    numbers() {
      const read = list.value
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(Number);
      const usable = read.length > 0 && read.every((/** @type {number} */ epsilon) => epsilon >= 0 && epsilon <= 1);
      return usable ? [...new Set(/** @type {number[]} */ (read))].sort((a, b) => a - b) : epsilons;
    },
    /** Keep the settings in the address, and set them as a link has them. */
    listen() {
      const note = () =>
        remember(
          {
            model: network.value === "yours" ? "" : network.value, // one's own network no link can hold
            attack: attack.value,
            images: count.value,
            epsilons: list.value === usual ? "" : list.value,
          },
          "sweep",
        );
      root.addEventListener("change", note);
      onNetwork(note);
      onOpen((query) => {
        const state = new URLSearchParams(query);
        choose(network, state.get("model"));
        choose(attack, state.get("attack"));
        attack.dispatchEvent(new Event("change"));
        choose(count, state.get("images"));
        list.value = state.get("epsilons") ?? usual;
        count.dispatchEvent(new Event("change", { bubbles: true }));
      }, "sweep");
      note();
    },
  };
}
