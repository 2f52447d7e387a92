import assert from "node:assert/strict";
import { test } from "node:test";
import { curves, toMnist } from "../../advdemo/ui/web/explore/digit/strokes.js";

const SEVEN = [
  [
    [0.3, 0.2],
    [0.7, 0.2],
    [0.5, 0.8],
  ],
];
const BAR = [
  [
    [0.25, 0.5],
    [0.75, 0.5],
  ],
];
const seven = toMnist(SEVEN).pixels;
const inked = (pixels) => [...pixels.keys()].filter((i) => pixels[i] > 0);

test("curves begin and end where the stroke does, and follow each other", () => {
  const stroke = [...SEVEN[0], [0.2, 0.9], [0.1, 0.5]];
  for (let length = 1; length <= stroke.length; length++) {
    const some = curves(stroke.slice(0, length));
    assert.deepEqual(some[0][0], stroke[0]);
    assert.deepEqual(some[some.length - 1][2], stroke[length - 1]);
    for (let i = 1; i < some.length; i++) assert.deepEqual(some[i][0], some[i - 1][2]);
  }
});

test("an edge is as grey as its pixel is covered", () => {
  // The pen is 2.2 pixels of 20 wide; along a line at 45 degrees a square pixel's corner is cut off.
  const { pixels } = toMnist([
    [
      [0.2, 0.2],
      [0.8, 0.8],
    ],
  ]);
  const diagonal = inked(pixels).reduce((sum, i) => sum + pixels[i] / 255, 0);
  const length = 17.8 * Math.SQRT2;
  assert.ok(Math.abs(diagonal - (2.2 * length + Math.PI * 1.1 ** 2)) < 0.5, String(diagonal));
});

test("a ground without strokes is left as it is", () => {
  assert.equal(toMnist([], seven).pixels, seven);
});

test("strokes are laid over a ground where the pad shows them", () => {
  const { pixels } = toMnist(BAR, seven);
  const more = inked(pixels).filter((i) => seven[i] === 0 && pixels[i] > 128);
  assert.ok(more.length > 10);
  assert.ok(more.every((i) => Math.abs(Math.floor(i / 28) - 14) <= 3));
  const kept = [-2, -1, 0, 1, 2].flatMap((down) => [-2, -1, 0, 1, 2].map((right) => down * 28 + right));
  const differences = kept.map((by) => inked(seven).filter((i) => pixels[i + by] < seven[i] - 100).length);
  assert.equal(Math.min(...differences), 0, "the ground is still there, perhaps moved by a pixel or two");
});

test("what grows out of MNIST's box is brought back into it", () => {
  const wide = toMnist([[...BAR[0], [0.02, 0.5], [0.98, 0.5]]], seven).pixels;
  const columns = new Set(inked(wide).map((i) => i % 28));
  assert.equal(columns.size, 20);
});

test("a dot on a ground is a stroke like others, on none it is not", () => {
  assert.ok("pixels" in toMnist([[[0.2, 0.8]]], seven));
  assert.deepEqual(toMnist([[[0.2, 0.8]]]), { key: "errors.no_stroke" });
  assert.deepEqual(toMnist([]), { key: "errors.no_ink" });
});

test("a long stroke takes no more than a few milliseconds", () => {
  const spiral = Array.from({ length: 400 }, (_, i) => [
    0.5 + (i / 1000) * Math.cos(i / 15),
    0.5 + (i / 1000) * Math.sin(i / 15),
  ]);
  const times = Array.from({ length: 40 }, () => {
    const start = performance.now();
    toMnist([spiral]);
    return performance.now() - start;
  });
  assert.ok(Math.min(...times) < 9, `${Math.min(...times)} ms`); // 3 on a machine with nothing else to do
});
