import assert from "node:assert/strict";
import { test } from "node:test";
import { greyOf, inputShape, LAYERS, place, receptiveField, terms } from "../../advdemo/ui/web/lenet/layers.js";
import { makeNetwork } from "../../advdemo/ui/web/lenet/network.js";

let seed = 1;
const random = () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};
const some = (count, scale) => Float32Array.from({ length: count }, () => scale * (2 * random() - 1));
const SIZES = [150, 6, 2400, 16, 48000, 120, 10080, 84, 840, 10];
const parameters = SIZES.map((size, i) => some(size, [0.3, 0.1, 0.1, 0.1, 0.08, 0.1, 0.1, 0.1, 0.1, 0.1][i]));
const network = makeNetwork(parameters);
const pixels = Array.from({ length: 784 }, random);
const values = network.forward(pixels);
const SOME = LAYERS.map(({ maps, height, width }) => {
  const last = maps * height * width - 1;
  return [0, width - 1, Math.floor(last / 2), last - width + 1, last];
});

test("what comes out of a layer has its shape", () => {
  LAYERS.forEach(({ maps, height, width }, l) => {
    assert.equal(values[l + 1].length, maps * height * width);
    const input = inputShape(l);
    assert.equal(values[l].length, input.maps * input.height * input.width);
  });
});

test("a unit is the sum of its terms and its bias, or the largest of them", () => {
  LAYERS.forEach(({ kind, name }, l) => {
    for (const unit of SOME[l]) {
      const { inputs, weights, bias, maps, height, width } = terms(parameters, values, l, unit);
      assert.equal(inputs.length, maps * height * width);
      assert.equal(weights === null, kind === "pool");
      const sum = weights ? weights.reduce((all, weight, i) => all + weight * inputs[i], bias) : Math.max(...inputs);
      const expected = name === "logits" ? sum : Math.max(0, sum);
      assert.ok(Math.abs(values[l + 1][unit] - expected) < 1e-5, `${name} ${unit}`);
    }
  });
});

test("a unit sees its receptive field and nothing beside it", () => {
  LAYERS.slice(0, 4).forEach(({ name }, l) => {
    for (const unit of SOME[l]) {
      const { top, left, side } = receptiveField(l, unit);
      const outside = pixels.map((pixel, i) => {
        const y = Math.floor(i / 28);
        const inside = y >= top && y < top + side && i % 28 >= left && i % 28 < left + side;
        return inside ? pixel : 1 - pixel;
      });
      assert.equal(network.forward(outside)[l + 1][unit], values[l + 1][unit], `${name} ${unit}`);
    }
  });
});

test("a receptive field is no larger than what a unit sees", () => {
  // Weights of ones and a bright picture: every pixel counts in a convolution.
  const ones = SIZES.map((size, i) => new Float32Array(size).fill(i % 2 ? 0 : 1));
  const plain = makeNetwork(ones);
  const bright = plain.forward(new Array(784).fill(1));
  for (const [l, unit] of [
    [0, 28 * 14 + 14],
    [2, 10 * 5 + 5],
  ]) {
    const { top, left, side } = receptiveField(l, unit);
    for (const [y, x] of [
      [top, left],
      [top, left + side - 1],
      [top + side - 1, left],
      [top + side - 1, left + side - 1],
    ]) {
      const changed = new Array(784).fill(1);
      changed[y * 28 + x] = 2;
      assert.ok(plain.forward(changed)[l + 1][unit] > bright[l + 1][unit], `${LAYERS[l].name} ${y} ${x}`);
    }
  }
});

test("places and greys", () => {
  assert.deepEqual(place(2, 100 + 10 * 3 + 7), { map: 1, row: 3, column: 7 });
  assert.deepEqual(receptiveField(0, 0), { top: -2, left: -2, side: 5 });
  assert.ok(Math.abs(greyOf(values[0][32 * 2 + 2]) - pixels[0]) < 1e-6);
  assert.equal(values[0][0], 0);
});

test("a gradient is how the logits answer to a small change of a pixel", () => {
  const logits = Float64Array.from({ length: 10 }, (_, i) => (i === 3 ? 1 : i === 7 ? -0.5 : 0));
  /** @param {number[]} picture */
  const lead = (picture) =>
    network
      .forward(picture)
      .at(-1)
      .reduce((sum, logit, i) => sum + logit * logits[i], 0);
  const gradient = network.gradient(values, logits);
  for (const i of [0, 29, 400, 411, 783]) {
    const step = 1e-3;
    const [up, down] = [step, -step].map((by) => lead(pixels.map((pixel, at) => (at === i ? pixel + by : pixel))));
    assert.ok(Math.abs((up - down) / (2 * step) - gradient[i]) < 2e-2 * Math.max(0.05, Math.abs(gradient[i])), `${i}`);
  }
});
