import assert from "node:assert/strict";
import { test } from "node:test";
import { inPercent, median, numeral, percent, short, thinned } from "../../advdemo/ui/web/shared/numbers.js";

test("a confidence is 100% only when it is certain to two decimals, and 0% when it rounds to it", () => {
  assert.equal(percent(0.972), "97.2%");
  assert.equal(percent(0.9994), "99.9%");
  assert.equal(percent(0.9998), "99.98%");
  assert.equal(percent(0.99996), "100%");
  assert.equal(percent(0.004), "0.4%");
  assert.equal(percent(0.0004), "0%");
});

test("shares, counts and epsilons", () => {
  assert.equal(inPercent(0.98765, 2), "98.77%");
  assert.equal(numeral(10000), "10,000");
  assert.equal(short(0.1), "0.1");
  assert.equal(short(0.30000000000000004), "0.3");
  assert.equal(short(0.12345), "0.1235");
});

test("thinned keeps both ends and spreads the rest", () => {
  assert.deepEqual(thinned(3, 9), [0, 1, 2]);
  assert.deepEqual(thinned(101, 5), [0, 25, 50, 75, 100]);
});

test("the median", () => {
  assert.equal(median([5, 1, 3]), 3);
});
