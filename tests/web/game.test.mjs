import assert from "node:assert/strict";
import { test } from "node:test";
import { happened } from "../../advdemo/ui/web/gan/story.js";

const views = (/** @type {number[]} */ fakes, others = {}) =>
  fakes.map((fake, i) => ({ steps: 5 * i, fake, real: 0.5, read: 0.8, variety: 0.9, ...others }));

test("a game is told by its last view, which is what its digits and curves show", () => {
  assert.equal(happened(views([0.5]), 0), null);
  const told = happened(views([0.5, 0.3, 0.314]), 0);
  assert.deepEqual(told, { key: "gan.so_far", values: { count: 10, fake: "31%", read: 80, variety: "90%" } });
  const { key, values } = happened(views([0.5, 0.3, 0.314]), 2);
  assert.deepEqual([key, values.count, values.fake, values.fake_before], ["gan.since", 5, "31%", "30%"]);
});

test("a collapse is calm in every view, not in their mean", () => {
  const few = { variety: 0.3 };
  assert.equal(happened(views([0.5, 0.5, 0.45], few), 0).key, "gan.collapsed");
  assert.equal(happened(views([0.5, 0.05, 0.95, 0.5], few), 0).key, "gan.swinging");
  assert.equal(happened(views([0.5, 0.5, 0.8], few), 0).key, "gan.so_far");
});

test("two jumps are swings, a rise is none", () => {
  assert.deepEqual(happened(views([0.5, 0, 1]), 0).values, { low: "0%", high: "100%" });
  assert.equal(happened(views([0.1, 0.2, 0.7, 0.8, 0.95]), 0).key, "gan.so_far");
  assert.equal(happened(views([0, 1, 0, 1, 0.5, 0.5]), 4).key, "gan.since"); // they were before the change
});
