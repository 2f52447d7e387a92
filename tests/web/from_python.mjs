// What a test in Python hands over, a network and arrays in a file, and what its programs share.
import { readFileSync } from "node:fs";
import { parametersOf } from "../../advdemo/ui/web/lenet/layers.js";
import { makeNetwork } from "../../advdemo/ui/web/lenet/network.js";
import { readTensors } from "../../advdemo/ui/web/shared/safetensors.js";

export function handedOver() {
  const file = readFileSync(process.argv[2]);
  const { tensors } = readTensors(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  return { network: makeNetwork(parametersOf(tensors)), ...tensors };
}

/** What work in steps returns. @template T @param {Generator<void, T>} work @returns {T} */
export function finish(work) {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
