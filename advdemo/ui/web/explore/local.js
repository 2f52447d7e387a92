// What the page computes itself, on LeNets, about a digit whose pixels are here: FGSM, noise and a painting, what PGD
// does at the slider's place, and how far the digit is certified. Everything else is a request to the server.

import { makeBeside } from "../lenet/beside.js";
import { direct, EPSILONS, largest, perturbed, pixelsOf, predict, scan } from "../lenet/scan.js";
import { inSlices } from "../lenet/slices.js";
import { ownForger } from "../shared/forger.js";
import { bytes } from "../shared/pixels.js";

const WHOLE = new Set(["fgsm", "noise", "hand"]); // attacks that take one pass for each epsilon, not 40

/** @typedef {import("./asking.js").Digit} Digit */
/** @typedef {import("../lenet/network.js").Network} Network */
/**
 * @typedef {object} Known a digit whose pixels are here
 * @property {Uint8Array} image
 * @property {number | null} label none: what the network predicts
 * @property {"mnist" | "asked" | "prediction" | "chosen"} label_source
 * @property {number} [index]
 * @property {number} [realness]
 */
/**
 * @typedef {object} Work about one digit
 * @property {() => any} preview what the pictures and bars show at once, in a few forward passes
 * @property {(signal: AbortSignal) => Promise<any>} whole what the server would answer
 */

/**
 * @param {object} page
 * @param {ReturnType<typeof import("../lenet/lenets.js").makeLenets>} page.lenets
 * @param {ReturnType<typeof import("./choices.js").makeChoices>} page.choices
 * @param {(index: number) => {image: Uint8Array, label: number} | false | undefined} page.find a test image, if here
 * @param {() => number} page.step where the slider stands
 * @param {() => Int8Array} page.painting what the attack "hand" follows
 */
export function makeLocal({ lenets, choices, find, step, painting }) {
  /** @type {ReturnType<typeof makeBeside<ReturnType<typeof direct>, import("../lenet/scan.js").Side>>} */
  const scanBeside = makeBeside("scan");
  /** @type {ReturnType<typeof makeBeside<number, number>> | undefined} once the networks are here */
  let certifyBeside;
  /** @typedef {import("../worker/pgd.js").Aim} Aim */
  /** @type {ReturnType<typeof makeBeside<Aim, {found: Float32Array, now: Float32Array}>> | undefined} likewise */
  let pgdBeside;
  /** @type {{name: string, digit: Digit, value: any} | null} the server's last answer */
  let answered = null;

  /** @param {Digit} digit @returns {Known | null} */
  function look(digit) {
    const known = lookUp(digit);
    return known && typeof digit.label === "number" ? { ...known, label: digit.label, label_source: "chosen" } : known;
  }

  /** @param {Digit} digit @returns {Known | null} */
  function lookUp({ pixels, index, generated }) {
    if (pixels) return { image: bytes(pixels, Uint8Array), label: null, label_source: "prediction" };
    const found = index !== undefined && find(index);
    if (found) return { ...found, index, label_source: "mnist" };
    if (answered?.name !== nameOf({ index, generated })) return null;
    const { image, realness } = answered.value;
    if (generated) return { image, label: generated.digit, label_source: "asked", realness };
    return answered.digit.label == null ? { image, label: answered.value.label, index, label_source: "mnist" } : null;
  }

  /** @param {Digit} digit */
  const nameOf = ({ index, generated }) => JSON.stringify([index, generated, ownForger()?.hash]);

  /** @param {{model: string}[]} sides @returns {Network[] | null} null: not all are here */
  function lenetsOf(sides) {
    const all = sides.map(({ model }) => lenets.known(model));
    return all.every((network) => network !== null) ? all : null;
  }

  /** What each side follows on its network. @param {Known} known @param {Network[]} all */
  function aim({ label, ...known }, all) {
    const pixels = pixelsOf(known.image);
    let truth = label;
    const ways = choices.sides().map(({ attack, target }, i) => {
      const painted = attack === "hand" ? painting() : undefined;
      const way = direct(all[i], pixels, { attack, label: truth, target, painting: painted });
      truth ??= way.predicted;
      return { attack, ...way };
    });
    return { pixels, ways, shared: { ...known, label: truth } };
  }

  /** @param {Known} known @returns {Work | null} null: the server has to answer */
  function about(known) {
    const all = choices.sides().every(({ attack }) => WHOLE.has(attack)) && lenetsOf(choices.sides());
    if (!all) return null;
    const { pixels, ways, shared } = aim(known, all);
    return {
      preview() {
        const epsilon = EPSILONS[step()];
        const now = ways.map(({ sign }, i) => predict(all[i], perturbed(pixels, sign, epsilon)));
        return { ...shared, sides: ways.map((way, i) => ({ ...way, now: now[i] })) };
      },
      async whole(signal) {
        const beside = await scanBeside(
          ways.map((about, i) => ({ network: all[i], pixels, about })),
          signal,
        );
        if (beside) return { ...shared, sides: beside };
        const sides = [];
        for (const [i, way] of ways.entries()) sides.push(await inSlices(scan(all[i], pixels, way), signal));
        return { ...shared, sides };
      },
    };
  }

  /**
   * A preview with PGD among the attacks, of which the server tells the rest; null: of this, too.
   * @param {Known | null} known @param {AbortSignal} signal
   */
  async function glimpse(known, signal) {
    const names = choices.sides().map(({ attack }) => attack);
    const all = names.every((name) => WHOLE.has(name) || name === "pgd") && lenetsOf(choices.sides());
    if (!known || !all || !pgdBeside) return null;
    const { pixels, ways, shared } = aim(known, all);
    const at = step();
    const epsilon = EPSILONS[at];
    const tasks = ways.map((way, i) => ({ network: all[i], pixels, about: { ...way, epsilon } }));
    const results = await pgdBeside(
      tasks.filter((_, i) => names[i] === "pgd"),
      signal,
    );
    if (!results) return null;
    const sides = ways.map((way, i) => {
      if (way.attack !== "pgd") return { ...way, now: predict(all[i], perturbed(pixels, way.sign, epsilon)) };
      const { found, now } = /** @type {typeof results[0]} */ (results.shift());
      return { ...way, sign: found.map((pixel, k) => (pixel - pixels[k]) / (epsilon || 1)), now };
    });
    return { ...shared, at, sides };
  }

  /**
   * How far a digit is certified on each network; null: the server has to tell.
   * @param {Digit} digit @param {AbortSignal} signal
   * @returns {Promise<{proved: number}[] | null>}
   */
  async function certify(digit, signal) {
    const known = look(digit);
    const all = lenetsOf(choices.sides());
    if (!known || !all || !certifyBeside) return null;
    const pixels = pixelsOf(known.image);
    const label = known.label ?? largest(predict(all[0], pixels));
    const found = await certifyBeside(
      all.map((network) => ({ network, pixels, about: label })),
      signal,
    );
    return found?.map((proved) => ({ proved })) ?? null;
  }

  return {
    about,
    glimpse,
    certify,
    /** Fetch what the page computes with, before the server may be out of reach. @param {string[]} models */
    async fetchAll(models) {
      await lenets.fetchAll(models);
      certifyBeside = makeBeside("certify");
      pgdBeside = makeBeside("pgd");
    },
    /** The ten probabilities of the first network; null: the server has to tell. @param {Uint8Array} image */
    read(image) {
      const network = lenets.known(choices.sides()[0].model);
      return network && predict(network, pixelsOf(image));
    },
    look,
    /** @param {Digit} digit @returns {Work | null} */
    begin(digit) {
      const known = look(digit);
      return known && about(known);
    },
    /** @param {Digit} digit @param {any} value what the server answered about it */
    remember(digit, value) {
      answered = { name: nameOf(digit), digit, value };
    },
  };
}
