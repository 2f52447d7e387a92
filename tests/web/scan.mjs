// What the page makes of images: its own gradient's signs, and, along Python's, probabilities and smallest epsilons.
import { randomSign } from "../../advdemo/ui/web/lenet/noise.js";
import { direct, EPSILONS, perturbed, pixelsOf, predict, scan } from "../../advdemo/ui/web/lenet/scan.js";
import { finish, handedOver } from "./from_python.mjs";

const { network, images, labels, signs, noise, steps, scanned } = handedOver();
const found = { signs: [], probabilities: [], flips: [], otherNoise: 0 };
labels.forEach((label, i) => {
  const of = (/** @type {any} */ all) => all.subarray(784 * i, 784 * i + 784);
  const pixels = pixelsOf(of(images));
  const way = direct(network, pixels, { attack: "fgsm", label, target: null });
  found.signs.push([...way.sign]);
  const sign = of(signs);
  found.probabilities.push([...steps].map((step) => [...predict(network, perturbed(pixels, sign, EPSILONS[step]))]));
  const own = randomSign(pixels);
  found.otherNoise += of(noise).filter((/** @type {number} */ way, /** @type {number} */ at) => way !== own[at]).length;
  if (i % scanned[0] === 0) found.flips.push(finish(scan(network, pixels, { ...way, sign })).flip);
});
console.log(JSON.stringify(found));
