import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { STEPS, zoneOf } from "../../advdemo/ui/web/explore/story/steps.js";

const scan = { winners: [3, 3, 8], label: 3, flip: 0.0093, proved: 0.006 };
const now = {
  epsilon: 0.005,
  step: 1,
  scan,
  side: { model: "standard", attack: "fgsm" },
  drawn: false,
  acted: "",
  zones: new Set(),
};
const step = (/** @type {string} */ id) => STEPS.find((step) => step.id === id);

test("a step is done by doing it", () => {
  assert.ok(!step("drag").done(now));
  assert.ok(step("drag").done({ ...now, step: 2 }));
  assert.ok(!step("same").done(now));
  assert.equal(step("same").done({ ...now, acted: "same_no" }), "done_no");
  const noise = { ...now, side: { model: "standard", attack: "noise" } };
  assert.ok(step("noise").done(noise));
  assert.ok(!step("noise").done({ ...noise, step: 0 }), "nothing is shown at an epsilon of 0");
  assert.ok(!step("noise").done({ ...noise, step: 2 }), "the noise has fooled it");
  assert.ok(!step("draw").done(now));
  assert.equal(step("draw").done({ ...now, drawn: true }), "done");
  assert.equal(step("draw").done({ ...now, drawn: true, scan: { ...scan, flip: null } }), "held");
  assert.ok(!step("hand").done(now), "the mode is not open yet");
  assert.ok(!step("hand").done({ ...now, scan: { ...scan, attack: "hand" } }));
  assert.ok(step("hand").done({ ...now, scan: { ...scan, attack: "hand" }, step: 2 }));
  assert.equal(step("hand").done({ ...now, acted: "hand_act" }), "gradient");
  const painting = { ...now, scan: { ...scan, attack: "hand", sign: Int8Array.of(0, 0, 0) } };
  assert.equal(step("hand").done({ ...painting, acted: "hand_machine" }), "flipped");
  assert.ok(!step("hand").tried(painting), "nothing is painted yet");
  assert.ok(step("hand").tried({ ...painting, scan: { ...painting.scan, sign: Int8Array.of(0, -1, 0) } }));
  assert.ok(!step("robust").done(now));
  assert.ok(step("robust").done({ ...now, side: { model: "robust", attack: "fgsm" } }));
  assert.ok(!step("zones").done({ ...now, zones: new Set(["certified", "fooled"]) }));
  assert.ok(step("zones").done({ ...now, zones: new Set(["certified", "fooled", "undecided"]) }));
  assert.ok(step("sweep").done({ ...now, acted: "sweep_act" }));
});

test("the zones of the track", () => {
  assert.equal(zoneOf(now), "certified");
  assert.equal(zoneOf({ ...now, epsilon: 0.0061 }), "undecided");
  assert.equal(zoneOf({ ...now, epsilon: 0.01, step: 2 }), "fooled");
  assert.equal(zoneOf({ ...now, scan: { ...scan, proved: null } }), null);
});

test("each step has its words in every language, and points at a part of the page", () => {
  const folder = "advdemo/ui/web/explore/";
  const files = /** @type {string[]} */ (readdirSync(folder, { recursive: true }));
  const page = files
    .filter((name) => name.endsWith(".html"))
    .map((name) => readFileSync(folder + name, "utf8"))
    .join("");
  for (const language of ["en", "zh"]) {
    const { story } = JSON.parse(readFileSync(`advdemo/ui/words/${language}.json`, "utf8"));
    for (const { id, acts = [], tried } of STEPS) {
      assert.ok(story[id], id);
      assert.equal(`${id}_tried` in story, tried !== undefined, id);
      assert.ok(story[`${id}_done`] ?? story[`${id}_done_yes`], id);
      for (const { name } of acts) assert.ok(story[name], name);
    }
  }
  const all = page + readFileSync("advdemo/ui/web/explore/hand/hand.js", "utf8");
  for (const { mark, press, acts = [] } of STEPS) {
    for (const name of mark.split(" ").filter(Boolean)) assert.ok(page.includes(name.slice(1)), mark);
    for (const button of [press, ...acts.map((act) => act.press)].filter(Boolean))
      assert.ok(
        [`data-testid="${button}"`, `testid: "${button}"`].some((name) => all.includes(name)),
        button,
      );
  }
});
