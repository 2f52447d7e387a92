// What each view shows as code: programs put together from pieces of Python (ui/programs/), with the choices on screen
// written in.

import { pack } from "./pack.js";

/** @typedef {{imports: string[], needs: string[], code: string}} Piece of a program, as ui/programs tells them */
/** @typedef {[name: string, choices?: Record<string, string | number>]} Part a piece, and values for its assignments */
/** @typedef {(name: string) => string} Note a comment in the page's language */
/** @typedef {{name: string, code: string, toolkit?: string}} Program code.part_<name>; toolkit: the same with one */
/**
 * @typedef {object} Explored what the Explore tab shows
 * @property {Side[]} sides one, or two to compare
 * @property {string | null} answers of the black box, where one is asked: "scores" or "label"
 * @property {number} label
 * @property {number | null} index of the test image
 * @property {Uint8Array} image 784 pixels, which are written down where it is no test image
 * @property {import("../explore/digit/latents.js").Order | null} order of a generated digit
 * @property {Int8Array | null} painting 784 signs, where the visitor paints the perturbation
 * @property {boolean} ownForger whether it comes from a generator of the visitor's own
 */
/** @typedef {{model: string, attack: string, target?: number | null}} Side */

export const EPSILON = "\ue000"; // stands where the slider's value is written
const FILES = {
  standard: "checkpoints/lenet.safetensors",
  robust: "checkpoints/lenet-robust.safetensors",
  certified: "checkpoints/lenet-certified.safetensors",
  binarised: "checkpoints/lenet.safetensors",
  yours: "lenet.safetensors",
};
const BOXES = { scores: "square", label: "rays" }; // what a black box answers with, and the attack that it is asked by
const RUN = "runs/attack_one"; // is repeated for the second network or attack, what it needs is not
const STANDARD_LIBRARY = /^(from|import) (base64|gzip|pathlib|zlib)\b/;
const OURS = /^from advdemo\b/;

/** @type {Promise<Record<string, Piece>> | null} */
let fetched = null;

async function allPieces() {
  fetched ??= fetch(new URL("../programs.json", import.meta.url)).then((reply) => reply.json());
  fetched.catch(() => {
    fetched = null;
  });
  return fetched;
}

/** Writes programs down. @param {Record<string, Piece>} pieces @param {Note} note */
const writer = (pieces, note) => (/** @type {Part[]} */ parts) => {
  /** @type {Set<string>} */
  const imports = new Set();
  /** @type {string[]} */
  const blocks = [];
  for (const [name, choices = {}] of parts) {
    const block = fill(pieces[name].code, choices);
    if (name !== RUN && blocks.includes(block)) continue;
    blocks.push(block);
    for (const line of pieces[name].imports) imports.add(line);
  }
  const sorted = [...imports].sort().sort((a, b) => Number(a.startsWith("from")) - Number(b.startsWith("from")));
  const groups = [0, 1, 2].map((group) => sorted.filter((line) => groupOf(line) === group).join("\n"));
  const text = [...groups, ...blocks].filter(Boolean).join("\n\n");
  return `${text.replace(/# \{(\w+)\}/g, (_, name) => `# ${note(name)}`)}\n`;
};

/** @param {string} line an import */
const groupOf = (line) => (STANDARD_LIBRARY.test(line) ? 0 : OURS.test(line) ? 2 : 1);

/**
 * A piece with other values in its assignments, and other comments.
 * @param {string} code
 * @param {Record<string, string | number>} choices
 */
function fill(code, choices) {
  let filled = code;
  for (const [name, value] of Object.entries(choices)) {
    const place = name.startsWith("{") ? name : new RegExp(`(?<=^${name} = ).*?(?=  #|$)`, "m");
    if (filled.search(place) < 0) throw new Error(`no ${name} in\n${code}`);
    filled = filled.replace(place, () => String(value));
  }
  return filled;
}

/** @param {string} name @returns {string | undefined} */
const fileOf = (name) => FILES[/** @type {keyof typeof FILES} */ (name)];

/** @param {string} model @returns {Part} */
const weights = (model) => [
  "networks/weights",
  { w: `load_file("${fileOf(model)}")`, ...(model === "yours" && { "{weights}": "{yours}" }) },
];

/** What the network is called in the program. @param {Side} side */
const called = ({ model, attack }) => (model !== "binarised" ? "lenet" : attack === "bpda" ? "straight" : "rounded");

/** @param {Side} side @returns {Part[]} */
const network = (side) =>
  fileOf(side.model) ? [weights(side.model), ["networks/lenet"], [`networks/${called(side)}`]] : [["networks/other"]];

/**
 * An attack by hand, or from the package where it has no piece.
 * @param {Record<string, Piece>} pieces
 * @returns {(name: string) => Part[]}
 */
const byHand = (pieces) => (name) =>
  pieces[`attacks/${name}`] ? [[`attacks/${name}`]] : [["attacks/called", { settings: `find_attack("${name}")[1]` }]];

/**
 * A program with attacks by toolkits: only the remark on the one that none has; nothing where a piece is missing.
 * @param {Record<string, Piece>} pieces
 * @param {string[]} attacks
 * @param {(attackOf: (name: string) => Part[]) => Part[]} partsWith
 * @returns {Part[] | null}
 */
function byToolkit(pieces, attacks, partsWith) {
  const files = attacks.map((name) => `toolkit/${name}`);
  if (!files.every((file) => pieces[file])) return null;
  const none = files.find((file) => pieces[file].code === "# {none}");
  /** @param {string} piece @returns {Part[]} */
  const withNeeds = (piece) => [...pieces[piece].needs.flatMap(withNeeds), [piece]];
  return none ? [[none]] : partsWith((name) => withNeeds(`toolkit/${name}`));
}

/** @param {Explored} shown @returns {Promise<Part>} */
async function digit({ index, image }) {
  if (index !== null) return ["images/mnist_one", { index }];
  return ["images/written", { packed: await written(image) }];
}

/** 784 numbers as a string of Python. @param {Uint8Array} bytes */
async function written(bytes) {
  const lines = (await pack(bytes)).replace(/.{1,88}/g, '    "$&"\n');
  return `(\n${lines})`;
}

/** The Explore tab. @param {Explored} shown @param {Note} note @returns {Promise<Program[]>} */
export async function explore(shown, note) {
  const pieces = await allPieces();
  const write = writer(pieces, note);
  const pixels = await digit(shown);
  const box = shown.answers && BOXES[/** @type {keyof typeof BOXES} */ (shown.answers)];
  const painted = shown.painting && (await written(new Uint8Array(shown.painting.buffer)));
  /** @type {Part[] | null} */
  const only = box ? [[`attacks/${shown.answers}`]] : painted ? [["attacks/hand", { painted }]] : null;
  const plain = only ? () => only : byHand(pieces);
  const theirs = byToolkit(
    pieces,
    shown.sides.map(({ attack }) => box || attack),
    (attackOf) => attacked(shown, pixels, (name) => attackOf(box || name)),
  );
  /** @type {Program[]} */
  const programs = [
    { name: "attack", code: write(attacked(shown, pixels, plain)), ...(theirs && { toolkit: write(theirs) }) },
    { name: "proof", code: write(proved(shown.sides[0].model, shown.label, pixels)) },
  ];
  if (shown.order) programs.push({ name: "digit", code: write(ordered(shown.order, shown.ownForger)) });
  return programs;
}

/**
 * @param {Explored} shown
 * @param {Part} pixels
 * @param {(name: string) => Part[]} attackOf
 */
function attacked({ sides, label }, pixels, attackOf) {
  /** @type {Part[]} */
  const parts = [];
  for (const side of sides) {
    const y = `torch.tensor([${side.target ?? label}])`;
    const targeted = (side.target ?? null) === null ? "False" : "True";
    parts.push(...network(side), pixels, ...attackOf(side.attack), ["runs/epsilon", { epsilon: EPSILON }]);
    parts.push([RUN, { network: called(side), y, targeted }]);
  }
  return parts;
}

/** @param {string} model @returns {Part[]} */
const bounds = (model) => [
  weights(model),
  [model === "binarised" ? "proofs/rounded_box" : "proofs/box"],
  ["proofs/intervals"],
];

/** The package's own network. @param {string} model @returns {Part[]} */
const loaded = (model) => [
  ["proofs/network", { checkpoint: `"${fileOf(model)}"` }],
  ...(model === "binarised" ? [/** @type {Part} */ (["proofs/rounded_network"])] : []),
];

/** @param {string} model @param {number} label @param {Part} pixels @returns {Part[]} */
function proved(model, label, pixels) {
  if (!fileOf(model)) return [["networks/other"]];
  const search = /** @type {Part} */ (["runs/prove_one", { y: `torch.tensor([${label}])` }]);
  return [...bounds(model), pixels, search, ...loaded(model), ["proofs/crown_one"]];
}

/** @param {boolean} own @returns {Part} */
const generator = (own) => [
  "digits/generator",
  own ? { file: '"generator.safetensors"', "{forger}": "{forger_own}" } : {},
];

/** @param {import("../explore/digit/latents.js").Order} order @param {boolean} own @returns {Part[]} */
function ordered({ digit, seed, place, centre }, own) {
  const found = /** @type {Part[]} */ (centre ? [["digits/found", { centre: `"${centre}"` }]] : []);
  const choices = { digit, seed, place: `(${place.join(", ")})`, ...(centre && { middle: "found" }) };
  return [generator(own), ["digits/letters"], ...found, ["digits/ordered", choices]];
}

/**
 * The Sweep tab.
 * @param {{model: string, attack: string, count: number, epsilons: number[], proof: boolean}} settings
 * @param {Note} note
 * @returns {Promise<Program[]>}
 */
export async function sweep({ model, attack, count, epsilons, proof }, note) {
  const pieces = await allPieces();
  const write = writer(pieces, note);
  const images = /** @type {Part} */ (["images/mnist_many", { count }]);
  const list = { epsilons: `[${epsilons.join(", ")}]` };
  if (proof) {
    /** @type {Part[]} */
    const parts = !fileOf(model)
      ? [["networks/other"]]
      : attack === "crown"
        ? [images, ...loaded(model), ["proofs/crown_many", list]]
        : [...bounds(model), images, ["runs/prove_many", list]];
    return [{ name: "proof", code: write(parts) }];
  }
  const side = { model, attack };
  /** @param {Part[]} how @param {number} size @returns {Part[]} */
  const run = (how, size) => [
    ...network(side),
    images,
    ...how,
    ["runs/attack_many", { network: called(side), size, ...list }],
  ];
  const theirs = byToolkit(pieces, [attack], (attackOf) => run(attackOf(attack), 500));
  const code = write(run(byHand(pieces)(attack), attack === "dim" ? 1 : 500));
  return [{ name: "attack", code, ...(theirs && { toolkit: write(theirs) }) }];
}

/** The GAN tab. @param {{own: boolean, count: number}} shown @param {Note} note @returns {Promise<Program[]>} */
export async function forgeries({ own, count }, note) {
  const write = writer(await allPieces(), note);
  return [{ name: "digit", code: write([generator(own), ["digits/letters"], ["digits/forgeries", { count }]]) }];
}
