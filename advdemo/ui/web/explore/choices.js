// What to attack with: the boxes for network, attack, target and comparison, and what they offer each other.

import { choose, picker } from "../shared/dom.js";
import { networkOption, networkTitle, offerNetworks, ownWeights, serverName } from "../shared/networks.js";
import { DIGITS } from "../shared/numbers.js";
import { option } from "../shared/words.js";

const BOX = "blackbox"; // in the list of attacks, but not of their table: it has no scan
const FIRST = new Set(["fgsm", "pgd", "noise"]); // the others are for later

/** @typedef {{name: string, targeted: boolean, quick: boolean, scannable: boolean}} Attack a row of their table */
/** @typedef {{model: string, attack: string, target: number | null}} Side */

/**
 * @param {Element} root
 * @param {string[]} networks
 * @param {Attack[]} attacks
 * @param {() => boolean} isWhole all attacks are offered
 * @param {() => void} onChange
 */
export function makeChoices(root, networks, attacks, isWhole, onChange) {
  const pick = picker(root);
  /** @type {(name: string) => HTMLSelectElement} */
  const box = (name) => pick(`[data-testid="${name}"]`);
  const boxes = { model: box("model"), attack: box("attack"), target: box("target"), compare: box("compare") };
  const { model, attack, target, compare } = boxes;
  const rows = Object.fromEntries(attacks.map((row) => [row.name, row]));

  offerAttacks();
  const live = () => attack.value === BOX;
  target.append(option("", "explore.any_digit"), ...DIGITS.map((digit) => option(digit, "explore.read_as", { digit })));
  offerNetworks(model, networks, changed);
  for (const box of Object.values(boxes)) box.addEventListener("change", changed);
  offer();

  function changed() {
    offer();
    onChange();
  }

  function offerAttacks(chosen = attack.value) {
    const offered = attacks.filter(({ name }) => isWhole() || FIRST.has(name) || name === chosen);
    attack.replaceChildren(
      ...offered.map(({ name }) => option(name, `attacks.${name}`)),
      option(BOX, "blackbox.option"),
    );
    choose(attack, chosen, attacks[0].name);
  }

  // What can be chosen beside what is chosen: no comparison with the same, no target where an attack takes none.
  function offer() {
    target.disabled = !live() && !rows[attack.value].targeted;
    compare.disabled = live();
    const before = compare.value;
    const others = [...model.options].map(({ value }) => value).filter((name) => name !== model.value);
    const otherAttacks = attacks.filter(({ name }) => name !== attack.value);
    compare.replaceChildren(
      option("", live() ? "explore.no_compare" : "explore.nothing"),
      ...others.map(networkOption),
      ...otherAttacks.map(({ name }) => option(name, `attacks.${name}`)),
    );
    choose(compare, before, "");
  }

  /** The attacks to show: the one chosen, and the one to compare it with. @returns {Side[]} */
  function sides() {
    /** @param {string} network @param {string} name @returns {Side} */
    const side = (network, name) => ({
      model: network,
      attack: name,
      target: rows[name].targeted && target.value !== "" ? Number(target.value) : null,
    });
    const main = side(model.value, live() ? attacks[0].name : attack.value);
    if (!compare.value || live()) return [main];
    return [main, compare.value in rows ? side(main.model, compare.value) : side(compare.value, main.attack)];
  }

  /** Choose what a link says. @param {URLSearchParams} state */
  function open(state) {
    choose(model, state.get("model"), networks[0]);
    offerAttacks(state.get("attack") ?? attacks[0].name);
    choose(target, state.get("target"), "");
    offer();
    choose(compare, state.get("compare"), "");
  }

  /**
   * What can be a target of the scan that has come: not its label, and not what the network reads already.
   * @param {{label: number, sides: {taken: boolean}[]}} scan
   * @returns {string} the target that was chosen and is none, or ""
   */
  function settle({ label, sides }) {
    const taken = sides.some((side) => side.taken) ? target.value : "";
    if (taken) target.value = "";
    for (const option of target.options) option.disabled = option.value === String(label);
    return taken;
  }

  return {
    ...boxes,
    sides,
    open,
    settle,
    offerAttacks,
    /** The network and attack in the boxes. */
    chosen: () => ({ model: model.value, attack: attack.value }),
    models: () => sides().map((side) => side.model),
    /** A black-box attack: the scan is only there for what the network reads. */
    live,
    slow: () => sides().some((side) => !rows[side.attack].quick),
    /** Sides as the server is asked for them. @param {boolean} withWeights */
    request: (withWeights) => ({
      sides: sides().map(({ model: name, ...side }) => ({ ...side, network: serverName(name) })),
      ...(withWeights ? ownWeights(sides().map((side) => side.model)) : {}),
    }),
    /** The network, as the server is asked about it. @param {boolean} withWeights */
    network: (withWeights) => ({
      network: serverName(model.value),
      ...(withWeights ? ownWeights([model.value]) : {}),
    }),
    /** What a side is called. @param {Side} side @returns {import("../shared/words.js").Phrase} */
    title: (side) => ({
      key: "explore.side",
      values: { network: networkTitle(side.model), attack: { key: `attacks.short_${side.attack}` } },
    }),
  };
}
