import assert from "node:assert/strict";
import { test } from "node:test";
import { count, judge, NOTHING, verdict } from "../../advdemo/ui/web/explore/result/guessing.js";

test("a guess within 0.02 is near, whichever side it is on", () => {
  assert.deepEqual(judge(0.1, 0.12), { error: 0.12 - 0.1, near: true });
  assert.equal(judge(0.14, 0.12).near, true);
  assert.equal(judge(0.1, 0.1201).near, false);
});

test("nowhere is an answer of its own: right or wrong, never an error in epsilon", () => {
  assert.deepEqual(judge(null, null), { error: null, near: true });
  assert.deepEqual(judge(null, 0.3), { error: null, near: false });
  assert.deepEqual(judge(0.495, null), { error: null, near: false });
});

test("the tally of a visit: near ones in a row, the longest row, the smallest error", () => {
  const after = [
    [0.1, 0.11],
    [null, null],
    [0.1, 0.3],
    [0.2, 0.205],
  ].reduce((tally, [guess, flip]) => count(tally, judge(guess, flip)), NOTHING);
  assert.deepEqual({ ...after, best: after.best.toFixed(4) }, { guesses: 4, streak: 1, longest: 2, best: "0.0050" });
});

test("the words for every outcome", () => {
  assert.equal(verdict(0.1, 0.11).key, "guess.near");
  assert.equal(verdict(0.1, 0.3).key, "guess.off");
  assert.equal(verdict(0.1, null).key, "guess.holds");
  assert.equal(verdict(null, null).key, "guess.never_right");
  assert.equal(verdict(null, 0.3).key, "guess.never_wrong");
  assert.deepEqual(verdict(0.1, 0.3).values, { guess: "0.100", flip: "0.3000", error: "0.2000" });
});
