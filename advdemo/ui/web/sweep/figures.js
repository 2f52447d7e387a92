// What a sweep's figures are, and what is computed from them without a page.

/** @typedef {import("../shared/words.js").Phrase} Phrase */
/**
 * @typedef {object} Result what the server says of a sweep, done or under way
 * @property {number[]} epsilons
 * @property {number[]} accuracies
 * @property {number[]} correct
 * @property {(number | null)[][]} per_class accuracies by epsilon and true digit; null: no such digit
 * @property {number[][][]} [flips] counts by epsilon, true digit and prediction; not of a proof
 * @property {number[]} [first_flips] images by the first epsilon that fools; last: none does; not of a proof
 * @property {number} done
 * @property {number} total
 * @property {number} seconds
 * @property {string} device
 * @property {Example[][]} [examples] by epsilon
 */
/** @typedef {{index: number, before: number, after: number, image: string | Uint8Array}} Example */
/**
 * @typedef {object} Curve its place in the list decides its colour
 * @property {Phrase} title
 * @property {string} id the same for curves of one network and attack
 * @property {string} model
 * @property {string | undefined} network what the server calls the model
 * @property {string} networkName for programs, in English whatever the language
 * @property {string} [weights]
 * @property {string} attack or proof
 * @property {boolean} proof
 * @property {number} images
 * @property {Result | null} result the newest
 * @property {Example[][]} examples
 */
/** @typedef {{name: string, epsilons: number[], accuracies: number[]}} Reference a dashed curve */

/** The largest epsilon to draw. @param {{epsilons: number[]}[]} lists */
export const lastOf = (lists) => Math.max(0.05, ...lists.flatMap(({ epsilons }) => epsilons));

/** @param {{epsilons: number[], accuracies: number[]}} list @param {number} last @returns {[number, number][]} */
export const points = ({ epsilons, accuracies }, last) =>
  epsilons
    .map((epsilon, i) => /** @type {[number, number]} */ ([epsilon, accuracies[i]]))
    .filter(([epsilon]) => epsilon <= last * 1.0001);

const MOST_TICKS = 9;
const LEAST_GAP = 1 / 12; // of the axis, between two ticks
const ROUND = [1, 2, 2.5, 5, 10];

/**
 * Where an axis that serves all lists has its ticks: at every epsilon, or where those are too many at round ones.
 * @param {{epsilons: number[]}[]} lists
 * @param {number} last the end of the axis
 */
export function ticksOf(lists, last) {
  const all = [...new Set(lists.flatMap(({ epsilons }) => epsilons))].sort((a, b) => a - b);
  const apart = all.every((epsilon, i) => !i || epsilon - all[i - 1] >= last * LEAST_GAP);
  if (all.length <= MOST_TICKS && apart) return all;
  const power = 10 ** Math.floor(Math.log10(last / 4));
  const step = power * (ROUND.find((round) => last / (power * round) <= 6) ?? 10);
  return Array.from({ length: Math.floor(last / step + 1e-9) + 1 }, (_, i) => +(i * step).toPrecision(6));
}

/** In pixels, the largest of `counts` being 110. @param {number} count @param {number[]} counts */
export const barHeight = (count, counts) => (110 * count) / Math.max(1, ...counts);

/** What exports call a network: data for programs, so in English. @param {string} model @param {string} own its name */
export const exportName = (model, own) =>
  model === "yours" ? `Your LeNet (${own})` : `${model[0].toUpperCase()}${model.slice(1)} LeNet`;

/** @param {{attack: string, networkName: string, result: Result}[]} curves */
export function asCsv(curves) {
  const rows = curves.flatMap(({ attack, networkName, result }) =>
    result.epsilons.map((epsilon, i) => {
      const name = `"${networkName.replaceAll('"', '""')}"`;
      return [epsilon, result.correct[i], result.done, result.accuracies[i], name, attack].join(",");
    }),
  );
  return `${["epsilon,correct,total,accuracy,network,attack", ...rows].join("\n")}\n`;
}

/** @param {{attack: string, networkName: string, result: Result}[]} curves */
export function asJson(curves) {
  const figures = curves.map(({ attack, networkName, result: { examples: _, ...rest } }) => ({
    name: `${networkName}, ${attack}`,
    attack,
    ...rest,
  }));
  return JSON.stringify(figures, null, 1);
}

/** The place of the epsilon to begin at: 0.2, or the next one. @param {number[]} epsilons */
export const startAt = (epsilons) =>
  Math.max(
    0,
    epsilons.findIndex((epsilon) => epsilon >= 0.2 - 1e-9),
  );

/**
 * Where the truth lies: for each proof the space up to the strongest attack on its network and on as many images, at
 * the epsilons of both.
 * @param {(Pick<Curve, "network" | "proof"> & {result: Pick<Result, "epsilons" | "accuracies" | "done">})[]} curves
 * @returns {{place: number, above: [number, number][], below: [number, number][]}[]} place: of the proof in the list
 */
export function bands(curves) {
  return curves.flatMap(({ network, proof, result }, place) => {
    const attacks = curves
      .filter((curve) => !curve.proof && curve.network === network && curve.result.done === result.done)
      .map((curve) => curve.result);
    if (!proof || !attacks.length) return [];
    const shared = result.epsilons.filter((epsilon) => attacks.every(({ epsilons }) => epsilons.includes(epsilon)));
    /** @param {{epsilons: number[], accuracies: number[]}} list @param {number} epsilon */
    const at = ({ epsilons, accuracies }, epsilon) => accuracies[epsilons.indexOf(epsilon)];
    return [
      {
        place,
        above: shared.map((epsilon) => [epsilon, Math.min(...attacks.map((attack) => at(attack, epsilon)))]),
        below: shared.map((epsilon) => [epsilon, at(result, epsilon)]),
      },
    ];
  });
}
