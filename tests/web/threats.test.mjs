import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { advise, CHOICES } from "../../advdemo/ui/web/learn/threats.js";

const words = ["en", "zh"].map(
  (language) => JSON.parse(readFileSync(new URL(`../../advdemo/ui/words/${language}.json`, import.meta.url))).learn,
);

test("every choice gets an advice in both languages, and every advice can be got", () => {
  const names = new Set();
  for (const knows of CHOICES.knows)
    for (const wants of CHOICES.wants) for (const may of CHOICES.may) names.add(advise({ knows, wants, may }).name);
  for (const learn of words) {
    const written = Object.keys(learn).filter((key) => key.startsWith("advice_"));
    assert.deepEqual(written.map((key) => key.slice("advice_".length)).sort(), [...names].sort());
  }
});

test("an advice opens an attack that knows no more than the attacker, and aims if it must", () => {
  const open = (threat) => new URLSearchParams(advise({ may: "pixels", ...threat }).open);
  assert.equal(open({ knows: "weights", wants: "any" }).get("attack"), "pgd");
  assert.equal(open({ knows: "weights", wants: "target" }).get("target"), "5");
  assert.equal(open({ knows: "scores", wants: "target" }).get("answers"), "scores");
  assert.ok(open({ knows: "scores", wants: "target" }).has("target"));
  for (const wants of CHOICES.wants) assert.equal(open({ knows: "label", wants }).get("answers"), "label");
  assert.ok(!open({ knows: "label", wants: "target" }).has("target"));
});

test("what nothing here does opens nothing", () => {
  assert.equal(advise({ knows: "weights", wants: "any", may: "other" }).open, undefined);
  assert.equal(advise({ knows: "label", wants: "any", may: "draw" }).open, undefined);
  assert.ok(advise({ knows: "weights", wants: "any", may: "draw" }).open);
});
