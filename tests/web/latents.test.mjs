import assert from "node:assert/strict";
import { test } from "node:test";
import { around, between, inside, read, write } from "../../advdemo/ui/web/explore/digit/latents.js";

const [EDGE, GRID] = [50, 15];

test("a frame's own place is that frame alone", () => {
  for (const [place, frame] of [
    [[-50, -50], 0],
    [[50, -50], GRID - 1],
    [[0, 0], (GRID * GRID - 1) / 2],
    [[50, 50], GRID * GRID - 1],
  ]) {
    const [[found]] = around(place, EDGE, GRID).filter(([, weight]) => weight > 1 - 1e-9);
    assert.equal(found, frame);
  }
});

test("weights sum to one, and x runs along the rows", () => {
  const columns = Float32Array.from({ length: GRID * GRID }, (_, frame) => frame % GRID);
  for (const x of [-50, -13, 7, 49]) {
    const total = around([x, 3], EDGE, GRID).reduce((sum, [, weight]) => sum + weight, 0);
    assert.ok(Math.abs(total - 1) < 1e-9);
    assert.ok(Math.abs(between(columns, [x, 3], EDGE) - ((x + 50) / 100) * (GRID - 1)) < 1e-5);
  }
});

test("places are whole and inside", () => {
  assert.deepEqual(inside(12.4, -77, EDGE), [12, -50]);
  assert.ok(Object.is(inside(-0.2, 0, EDGE)[0], 0));
});

test("a link holds an order", () => {
  const centre = Buffer.from(Uint8Array.from({ length: 64 }, (_, i) => 4 * i)).toString("base64");
  for (const order of [
    { digit: 3, seed: 4711, place: [25, -50], centre: null },
    { digit: 0, seed: 0, place: [0, 0], centre },
  ]) {
    const text = write(order);
    assert.deepEqual(read(text, EDGE), order);
    assert.equal(new URLSearchParams({ generate: text }).toString(), `generate=${text}`);
  }
});

test("a link may say less, or nonsense", () => {
  assert.deepEqual(read("7", EDGE), { digit: 7, seed: 0, place: [0, 0], centre: null });
  assert.deepEqual(read("7.-3.900.x.short", EDGE), { digit: 7, seed: 0, place: [50, 0], centre: null });
  assert.equal(read("12.1", EDGE), null);
  assert.equal(read("", EDGE), null);
});
