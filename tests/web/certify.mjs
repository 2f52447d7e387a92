// How far images are certified in the page, and the two lower bounds of a margin at one epsilon.
import { certify } from "../../advdemo/ui/web/worker/certify.js";
import { crownMargin } from "../../advdemo/ui/web/worker/crown.js";
import { affineLayers, intervalMargin, pixelBox } from "../../advdemo/ui/web/worker/intervals.js";
import { finish, handedOver } from "./from_python.mjs";

const { network, images, labels, epsilon } = handedOver();
const layers = affineLayers(network.parameters);
const found = [...labels].map((label, i) => {
  const pixels = images.subarray(784 * i, 784 * i + 784);
  const box = pixelBox(pixels, epsilon[0]);
  return {
    certified: finish(certify(network, pixels, label)),
    crown: crownMargin(layers, box, label),
    intervals: intervalMargin(layers, box, label),
  };
});
console.log(JSON.stringify(found));
