// What each view shows as code, put together from pieces: whole programs, with the choices on screen written in.

import { pack } from "./pack.js";
import * as pieces from "./pieces.js";

/** @typedef {import("./pieces.js").Note} Note */
/** @typedef {{name: string, code: string}} Part a program, and which it is: code.part_<name> */
/**
 * @typedef {object} Explored what the Explore tab shows
 * @property {{model: string, attack: string, target: number | null}[]} sides one, or two to compare
 * @property {string | null} answers of the black box, where one is asked: "scores" or "label"
 * @property {number} label
 * @property {number | null} index of the test image
 * @property {Uint8Array} image 784 pixels, which are written down where it is no test image
 * @property {import("../explore/digit/latents.js").Order | null} order of a generated digit
 * @property {boolean} ownForger whether it comes from a generator of the visitor's own
 */

const FILES = {
  standard: "checkpoints/lenet.safetensors",
  robust: "checkpoints/lenet-robust.safetensors",
  certified: "checkpoints/lenet-certified.safetensors",
  binarised: "checkpoints/lenet.safetensors",
  yours: "lenet.safetensors",
};
const REACH = 1.2 / 50; // of a generated digit's place, as in ui/forger.py

const IMPORTS = {
  "base64.": "import base64",
  "gzip.": "import gzip",
  "zlib.": "import zlib",
  "Path(": "from pathlib import Path",
  "torch.": "\nimport torch",
  "load_file(": "from safetensors.torch import load_file",
  "F.": "from torch.nn import functional as F",
  "find_attack(": "\nfrom advdemo.attacks import find_attack",
  "Square(": "\nfrom advdemo.attacks import Square",
  "RayS(": "\nfrom advdemo.attacks import RayS",
  "certified_epsilon(": "\nfrom advdemo.measures.bounds import certified_epsilon",
  "certified_stream(": "\nfrom advdemo.measures.bounds import certified_stream",
  "Binarised(": "from advdemo.networks.binarised import Binarised",
  "load_checkpoint(": "from advdemo.networks.checkpoint import load_checkpoint",
};

/** A program with the imports that it needs. @param {...string} blocks */
function program(...blocks) {
  const body = blocks.join("\n\n");
  const used = Object.keys(IMPORTS).filter((name) =>
    ` ${body}`.match(new RegExp(`[^.\\w]${name.replace(/[.(]/, "\\$&")}`)),
  );
  const imports = used.map((name) => IMPORTS[/** @type {keyof typeof IMPORTS} */ (name)]);
  return `${imports.join("\n").trim()}\n\n${body}\n`;
}

/** @param {string} model @param {string} attack @param {Note} note */
function network(model, attack, note) {
  return fileOf(model)
    ? `${weights(model, note)}\n\n${pieces.lenet(note, roundingOf(model, attack))}`
    : `# ${note("other")}`;
}

/** @param {string} model @param {string} [attack] @returns {pieces.Rounding} */
const roundingOf = (model, attack) => (model !== "binarised" ? "" : attack === "bpda" ? "straight" : "rounded");

/** @param {string} model @param {Note} note */
const weights = (model, note) => pieces.weights(fileOf(model) ?? "", note(model === "yours" ? "yours" : "weights"));

/** @param {string} name @returns {string | undefined} */
const fileOf = (name) => FILES[/** @type {keyof typeof FILES} */ (name)];

/** @param {boolean} own @param {Note} note */
const forger = (own, note) =>
  own
    ? pieces.generator("generator.safetensors", note("forger_own"), note)
    : pieces.generator("checkpoints/generator.safetensors", note("forger"), note);

/** @param {Explored} shown @param {Note} note */
async function digit({ index, image, order }, note) {
  if (index !== null) return pieces.testImage(index, note);
  return pieces.writtenImage(await pack(image), note(order ? "generated" : "drawn"));
}

/** The Explore tab. @param {Explored} shown @param {Note} note @returns {Promise<Part[]>} */
export async function explore(shown, note) {
  const { sides, order, ownForger } = shown;
  const pixels = await digit(shown, note);
  const parts = [
    { name: "attack", code: attacked(shown, pixels, note) },
    { name: "proof", code: proved(sides[0].model, shown.label, pixels, note) },
  ];
  if (order) parts.push({ name: "digit", code: ordered(order, ownForger, note) });
  return parts;
}

/** @param {Explored} shown @param {string} pixels @param {Note} note */
function attacked({ sides, answers, label }, pixels, note) {
  const blocks = [network(sides[0].model, sides[0].attack, note), pixels];
  sides.forEach((side, i) => {
    const before = sides[i - 1];
    const towards = side.target === null ? "+" : "-";
    if (before && roundingOf(before.model, before.attack) !== roundingOf(side.model, side.attack))
      blocks.push(network(side.model, side.attack, note));
    else if (before && before.model !== side.model) blocks.push(weights(side.model, note));
    const attack = answers ? pieces.boxes[answers] : (pieces.attacks[side.attack] ?? pieces.called(side.attack));
    if (!before || before.attack !== side.attack) blocks.push(attack(towards, note));
    if (!before) blocks.push(SHOW);
    const goal = note(side.target === null ? "leave" : "reach");
    blocks.push(
      [
        ...(before ? [] : [`epsilon = ${pieces.EPSILON}`]),
        `y = torch.tensor([${side.target ?? label}])  # ${goal}`,
        ...(before?.model === side.model ? [] : ["show(image)"]),
        "adversarial = attack(image, y, epsilon)",
        "show(adversarial)",
      ].join("\n"),
    );
  });
  return program(...blocks);
}

const SHOW = `def show(x):
    shares = lenet(x).softmax(1)[0]
    print(int(shares.argmax()), f"{float(shares.max()):.4f}")`;

/** @param {string} model @param {number} label @param {string} pixels @param {Note} note */
function proved(model, label, pixels, note) {
  const file = fileOf(model);
  if (!file) return `# ${note("other")}\n`;
  const search = `y = torch.tensor([${label}])
low, high = 0, 10_000  # ${note("search")}
while high - low > 1:
    middle = (low + high) // 2
    low, high = (middle, high) if proved(image, y, middle / 10_000) else (low, middle)
print(low / 10_000)`;
  const tighter = `# ${note("tighter", { file: "advdemo/measures/linear_bounds.py" })}
${loaded(model)}
print(certified_epsilon(network, image, ${label}))`;
  return program(weights(model, note), pieces.intervals(note, roundingOf(model)), pixels, search, tighter);
}

/** The package's own. @param {string} model */
const loaded = (model) =>
  `network, _ = load_checkpoint("${fileOf(model)}", "cpu")${roundingOf(model) && "\nnetwork = Binarised(network)"}`;

/** @param {import("../explore/digit/latents.js").Order} order @param {boolean} own @param {Note} note */
function ordered({ digit, seed, place, centre }, own, note) {
  const [x, y] = place.map((step) => `${step} * ${REACH}`);
  const middle = centre ? `torch.frombuffer(bytearray(base64.b64decode(centre)), dtype=torch.int8) / 32` : "random[0]";
  const latent = `# ${note("plane")}
random = torch.randn(3, 64, generator=torch.Generator().manual_seed(${seed}))
${centre ? `centre = "${centre}"\n` : ""}middle = ${middle}
x, y = ${x}, ${y}
z = (middle + x * random[1] + y * random[2]) / (1 + x * x + y * y) ** 0.5
image = generate(z[None], torch.tensor([${digit}]))[0]
${pieces.PRINT}`;
  return program(forger(own, note), latent);
}

/**
 * The Sweep tab.
 * @param {{model: string, attack: string, count: number, epsilons: number[], proof: boolean}} settings
 * @param {Note} note
 * @returns {Promise<Part[]>}
 */
export async function sweep({ model, attack, count, epsilons, proof }, note) {
  const file = fileOf(model);
  const list = `epsilons = [${epsilons.join(", ")}]`;
  if (proof && !file) return [{ name: "proof", code: `# ${note("other")}\n` }];
  if (attack === "crown") {
    const called = `# ${note("called", { file: "advdemo/measures/linear_bounds.py" })}
${loaded(model)}
*_, result = certified_stream(network, images, labels, epsilons, method="crown")
for epsilon, correct in zip(epsilons, result.correct):
    print(epsilon, f"{correct} / {len(images)}")`;
    return [{ name: "proof", code: program(pieces.testImages(count), list, called) }];
  }
  const held = proof ? "proved(x, y, epsilon)" : "lenet(attack(x, y, epsilon)).argmax(1) == y";
  const size = attack === "dim" ? 1 : 500;
  const loop = `for epsilon in epsilons:
    correct = 0
    for x, y in zip(images.split(${size}), labels.split(${size})):
        correct += int((${held}).sum())
    print(epsilon, f"{correct} / {len(images)}")`;
  const blocks = proof
    ? [weights(model, note), pieces.intervals(note, roundingOf(model))]
    : [network(model, attack, note), (pieces.attacks[attack] ?? pieces.called(attack))("+", note)];
  return [{ name: proof ? "proof" : "attack", code: program(...blocks, pieces.testImages(count), `${list}\n${loop}`) }];
}

/** The GAN tab. @param {{own: boolean, count: number}} shown @param {Note} note @returns {Promise<Part[]>} */
export async function forgeries({ own, count }, note) {
  const latent = `# ${note("latents")}
z = torch.randn(100, 64, generator=torch.Generator().manual_seed(0))[:${count}]
images = generate(z, torch.arange(${count}) % 10)
for image in images:
    ${pieces.PRINT}`;
  return [{ name: "digit", code: program(forger(own, note), latent) }];
}
