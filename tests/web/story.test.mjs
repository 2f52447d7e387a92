import assert from "node:assert/strict";
import { test } from "node:test";
import { happened } from "../../advdemo/ui/web/gan/story.js";

const view = (steps, { real = 0.8, fake = 0.2, read = 0.5, variety = 0.9 } = {}) => ({
  steps,
  real,
  fake,
  read,
  variety,
});

test("opinions that jump from one view to the next are swings, whatever the last one is", () => {
  const views = [0.1, 0.9, 0.05, 0.5].map((fake, i) => view(10 * i, { fake }));
  const { key, values } = happened(views, 1);
  assert.equal(key, "gan.swinging");
  assert.deepEqual(values, { low: "5%", high: "90%" });
});

test("what happened since a change is told in before and after", () => {
  const views = [view(0, { fake: null, real: null }), view(10), view(20), view(30, { fake: 0.9, read: 0.2 })];
  const story = happened(views, 3);
  assert.equal(story.key, "gan.since");
  assert.deepEqual(
    [story.values.count, story.values.fake_before, story.values.fake, story.values.read],
    [10, "20%", "90%", 20],
  );
});

test("from the start there is no before", () => {
  const story = happened([view(0, { fake: null }), view(40)], 0);
  assert.equal(story.key, "gan.so_far");
  assert.equal(story.values.count, 40);
});

test("nothing has happened before the first step", () => {
  assert.equal(happened([view(0, { fake: null })], 0), null);
  assert.equal(happened([view(7), view(7)], 1), null);
});

test("a collapse needs calm curves and no variety", () => {
  const calm = { real: 0.52, fake: 0.49, read: 0.7 };
  assert.equal(happened([view(0), view(50, { ...calm, variety: 0.3 })], 1).key, "gan.collapsed");
  assert.notEqual(happened([view(0), view(50, { ...calm, variety: 0.9 })], 1).key, "gan.collapsed");
  assert.notEqual(happened([view(0), view(50, { ...calm, fake: 0.1, variety: 0.3 })], 1).key, "gan.collapsed");
});
