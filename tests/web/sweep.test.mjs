import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asCsv,
  asJson,
  bands,
  barHeight,
  exportName,
  lastOf,
  points,
  startAt,
  ticksOf,
} from "../../advdemo/ui/web/sweep/figures.js";

const result = { epsilons: [0, 0.2], correct: [9, 4], accuracies: [0.9, 0.4], done: 10, total: 10, examples: [[], []] };

test("curves end with the largest epsilon, and a reference where they do", () => {
  assert.equal(lastOf([{ epsilons: [0, 0.3] }, { epsilons: [0, 0.1] }]), 0.3);
  assert.equal(lastOf([{ epsilons: [0] }]), 0.05);
  assert.deepEqual(points(result, 0.1), [[0, 0.9]]);
  assert.deepEqual(points(result, 0.2), [
    [0, 0.9],
    [0.2, 0.4],
  ]);
});

test("the bars of a histogram are as high as their counts", () => {
  assert.deepEqual(
    [4, 2, 0].map((count) => barHeight(count, [4, 2, 0])),
    [110, 55, 0],
  );
  assert.equal(barHeight(0, [0, 0]), 0);
});

test("the matrix begins at 0.2, or the next epsilon, or the first", () => {
  assert.equal(startAt([0, 0.1, 0.2, 0.3]), 2);
  assert.equal(startAt([0, 0.25, 0.3]), 1);
  assert.equal(startAt([0, 0.1]), 0);
  assert.equal(startAt([]), 0);
});

test("exports are in English, and a name with quotes and commas is one field", () => {
  assert.equal(exportName("robust", ""), "Robust LeNet");
  const networkName = exportName("yours", 'a, "b"');
  const curves = [{ attack: "fgsm", networkName, result }];
  assert.equal(
    asCsv(curves),
    "epsilon,correct,total,accuracy,network,attack\n" +
      '0,9,10,0.9,"Your LeNet (a, ""b"")",fgsm\n' +
      '0.2,4,10,0.4,"Your LeNet (a, ""b"")",fgsm\n',
  );
  const [curve] = JSON.parse(asJson(curves));
  assert.equal(curve.name, 'Your LeNet (a, "b"), fgsm');
  assert.deepEqual(curve.correct, [9, 4]);
  assert.equal("examples" in curve, false);
});

test("the truth lies between a proof and the strongest attack on the same network, where both were measured", () => {
  const curve = (network, proof, epsilons, accuracies, done = 9) => ({
    network,
    proof,
    result: { epsilons, accuracies, done },
  });
  const proof = curve("robust", true, [0, 0.1, 0.2], [0.9, 0.8, 0.1]);
  const curves = [
    curve("robust", false, [0, 0.1, 0.2], [1, 0.9, 0.7]),
    curve("robust", false, [0, 0.2], [1, 0.6]),
    curve("standard", false, [0, 0.1, 0.2], [0.5, 0.5, 0.5]),
    curve("robust", false, [0, 0.1, 0.2], [0.1, 0.1, 0.1], 8),
    proof,
  ];
  assert.deepEqual(bands(curves), [
    {
      place: 4,
      above: [
        [0, 1],
        [0.2, 0.6],
      ],
      below: [
        [0, 0.9],
        [0.2, 0.1],
      ],
    },
  ]);
  assert.deepEqual(bands([curves[2], proof]), []);
  assert.deepEqual(bands(curves.slice(0, 4)), []);
});

test("an axis serves every list", () => {
  const usual = { epsilons: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3] };
  assert.deepEqual(ticksOf([usual], 0.3), usual.epsilons);
  assert.deepEqual(ticksOf([usual, { epsilons: [0, 0.35] }], 0.35), [...usual.epsilons, 0.35]);
  assert.deepEqual(ticksOf([usual, { epsilons: [0, 0.07, 0.4] }], 0.4), [0, 0.1, 0.2, 0.3, 0.4]); // 0.05 and 0.07 collide
  assert.deepEqual(ticksOf([{ epsilons: [0, 0.01] }], 0.05), [0, 0.01]);
  const many = { epsilons: Array.from({ length: 50 }, (_, i) => i / 100) };
  assert.deepEqual(ticksOf([many], 0.49), [0, 0.1, 0.2, 0.3, 0.4]);
});
