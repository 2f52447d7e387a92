// What PGD makes of images in the page at one epsilon each, with a target or none, and the ten probabilities.
import { pgd } from "../../advdemo/ui/web/worker/pgd.js";
import { finish, handedOver } from "./from_python.mjs";

const { network, images, goals, targeted, epsilons } = handedOver();
const found = [...goals].map((goal, i) => {
  const target = targeted[0] ? goal : null;
  const { found, now } = finish(
    pgd(network, images.subarray(784 * i, 784 * i + 784), { goal, target, epsilon: epsilons[i] }),
  );
  return { found: [...found], now: [...now] };
});
console.log(JSON.stringify(found));
