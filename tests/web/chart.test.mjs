import assert from "node:assert/strict";
import { test } from "node:test";
import { linePath, place } from "../../advdemo/ui/web/shared/chart.js";

const axis = (max, min = 0) => ({ min, max, ticks: [], text: String });

test("a value lies between the ends of its axis, and never beyond them", () => {
  assert.equal(place(0.25, axis(0.5)), 0.5);
  assert.equal(place(0.75, axis(1, 0.5)), 0.5);
  assert.equal(place(2, axis(1)), 1);
  assert.equal(place(-1, axis(1)), 0);
});

test("a larger value is drawn higher: nearer to 0 in SVG", () => {
  assert.equal(
    linePath(
      [
        [0, 1],
        [0.3, 0.25],
      ],
      axis(0.3),
      axis(1),
    ),
    "M0.0000 0.0000L1.0000 0.7500",
  );
});

test("one point alone is drawn as a dot, a line to itself", () => {
  assert.equal(linePath([[1, 0.5]], axis(2), axis(1)), "M0.5000 0.5000L0.5000 0.5000");
});
