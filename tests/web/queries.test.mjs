import assert from "node:assert/strict";
import { test } from "node:test";
import { moment, outcome } from "../../advdemo/ui/web/explore/attacks/queries.js";

const film = { answers: "scores", fooled: true, asked: 1137, reads: [3, 3, 8], course: [6, 2, -0.5], epsilon: 0.2 };

test("the words while the box is asked", () => {
  assert.deepEqual(moment(film, 1), {
    key: "blackbox.leads",
    values: { margin: "2.00", distance: "2.000", label: 3 },
  });
  const label = { ...film, answers: "label", course: [1, 0.5, 0.2] };
  assert.equal(moment(label, 0).key, "blackbox.groping");
  assert.equal(moment(label, 1).key, "blackbox.far");
});

test("the words at the end, for every end", () => {
  const key = (changes) => outcome({ ...film, ...changes }).key;
  assert.equal(key({}), "blackbox.fooled");
  assert.equal(key({ asked: 1 }), "blackbox.misread");
  assert.equal(key({ fooled: false }), "blackbox.spent");
  assert.equal(key({ fooled: false, answers: "label", course: [1, 0.5] }), "blackbox.too_far");
  assert.equal(key({ fooled: false, answers: "label", course: [1, 1] }), "blackbox.none");
  const { values } = outcome(film);
  assert.deepEqual([values.asked, values.label, values.margin, values.epsilon], ["1,137", 8, "-0.50", "0.200"]);
});
