import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isUndecided,
  narrowed,
  outcome,
  rivals,
  spans,
  standing,
} from "../../advdemo/ui/web/explore/result/reading.js";
import { largest } from "../../advdemo/ui/web/lenet/scan.js";

test("the largest value, the first of equal ones", () => {
  assert.equal(largest([1, 3, 2]), 1);
  assert.equal(largest([2, 0, 2]), 0);
});

test("rivals are the classes that win somewhere, in that order", () => {
  assert.deepEqual(rivals([3, 3, 8, 2, 8], new Float32Array(50), 3), [8, 2]);
});

test("where no other class wins, the one that comes closest is the rival", () => {
  const probabilities = new Float32Array(20);
  probabilities[3] = 0.9;
  probabilities[5] = 0.1;
  probabilities[13] = 0.6;
  probabilities[17] = 0.4;
  assert.deepEqual(rivals([3, 3], probabilities, 3), [7]);
});

test("the first stretch of wrong answers begins at the exact flip, the others on the grid", () => {
  const epsilons = [0, 0.1, 0.2, 0.3, 0.4];
  assert.deepEqual(spans(epsilons, [3, 8, 8, 3, 8], 3, 0.05), [
    [0.05, 0.2],
    [0.4, 0.4],
  ]);
  assert.deepEqual(spans(epsilons, [3, 3, 8, 8, 8], 3, null), [[0.2, 0.4]]);
  assert.deepEqual(spans(epsilons, [3, 3, 3, 3, 3], 3, null), []);
  assert.deepEqual(spans(epsilons, [8, 8, 3, 3, 3], 3, 0), [[0, 0.1]]);
});

const scan = { attack: "fgsm", label: 3, target: null, winners: [3, 3, 8], zero: false, flip: 0.15 };

test("the words for every state of the slider", () => {
  const key = (changes, step) => outcome({ ...scan, ...changes }, step, "63.0%").key;
  assert.equal(key({}, 0), "explore.no_perturbation");
  assert.equal(key({}, 1), "explore.still");
  assert.equal(key({}, 2), "explore.fooled");
  assert.equal(key({ target: 8 }, 2), "explore.target_reached");
  assert.equal(key({ target: 5 }, 2), "explore.fooled_otherwise");
  assert.equal(key({ target: 5, flip: null }, 1), "explore.still");
  assert.equal(key({ flip: null, winners: [3, 3, 3] }, 2), "explore.still_never");
  assert.equal(key({ zero: true }, 1), "explore.zero_gradient");
  assert.equal(key({ label: 5 }, 0), "explore.already_wrong");
  assert.equal(key({ label: 5 }, 1), "explore.already_wrong_still");
  assert.equal(key({ label: 5 }, 2), "explore.already_wrong_now");
});

test("the words carry what is read, how surely, and why an attack never succeeds", () => {
  const { values } = outcome({ ...scan, flip: null, winners: [3, 3, 3] }, 2, "98.0%");
  assert.equal(values.now, 3);
  assert.equal(values.share, "98.0%");
  assert.deepEqual(values.never, { key: "attacks.never_fgsm" });
});

test("what is proved and what is broken, in words", () => {
  const key = (changes) => standing({ ...scan, proved: 0.02, ...changes }).key;
  assert.equal(key({ proved: undefined }), "proof.looking");
  assert.equal(key({ proved: null }), "proof.other_layers");
  assert.equal(key({ label: 5, flip: 0, proved: 0 }), "proof.misread");
  assert.equal(key({ proved: 0.5, flip: null }), "proof.everywhere");
  assert.equal(key({}), "proof.broken");
  assert.equal(key({ target: 8 }), "proof.reached");
  assert.equal(key({ flip: null, target: 8 }), "proof.never_target");
  assert.equal(key({ proved: 0 }), "proof.broken_unproved");
  assert.equal(key({ proved: 0, target: 8 }), "proof.reached_unproved");
  assert.equal(key({ proved: 0, flip: null }), "proof.never_unproved");
  assert.deepEqual(standing({ ...scan, proved: 0.02 }).values, {
    proved: "0.0200",
    flip: "0.1500",
    attack: { key: "attacks.short_fgsm" },
    target: "",
  });
});

test("what a stronger attack changes, in words", () => {
  const found = (changes) => narrowed({ ...scan, proved: 0.02, ...changes });
  assert.equal(found({}), null); // not asked
  assert.equal(found({ strongest: 0.1, proved: null }), null);
  assert.deepEqual(found({ strongest: 0.1 }), {
    key: "proof.narrowed",
    values: { proved: "0.0200", strongest: "0.1000" },
  });
  assert.equal(found({ strongest: 0.1, proved: 0 }).key, "proof.narrowed_unproved");
  assert.equal(found({ strongest: null }).key, "proof.not_narrowed");
  assert.equal(found({ strongest: 0.15 }).key, "proof.not_narrowed");
  assert.ok(!isUndecided({ ...scan, proved: 0.15 }));
  assert.ok(isUndecided({ ...scan, proved: 0.02, flip: null }));
});
