import { handedOver } from "./from_python.mjs";

const { network, pixels } = handedOver();
const found = [];
for (let at = 0; at < pixels.length; at += 784) {
  found.push(network.forward(pixels.subarray(at, at + 784)).map((values) => [...values]));
}
console.log(JSON.stringify(found));
