import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "../../advdemo/ui/web/shared/drawing.js";

/** A ring with soft edges, as a drawn 0 is. */
const ring = Uint8Array.from({ length: 784 }, (_, i) => {
  const distance = Math.abs(Math.hypot((i % 28) - 14, Math.floor(i / 28) - 14) - 8);
  return Math.round(255 * Math.max(0, Math.min(1, 2 - distance)));
});

test("a digit comes back pixel for pixel, in few characters that a link may hold", async () => {
  const text = await encode(ring);
  assert.match(text, /^[\w-]+$/);
  assert.ok(text.length < 400, `${text.length} characters`);
  assert.deepEqual(await decode(text), ring);
});

test("even noise comes back", async () => {
  const noise = Uint8Array.from({ length: 784 }, (_, i) => (i * i * 31 + i * 17) % 256);
  assert.deepEqual(await decode(await encode(noise)), noise);
});

test("what is no digit is null", async () => {
  const text = await encode(ring);
  assert.equal(await decode(text.slice(0, -8)), null);
  assert.equal(await decode(await encode(new Uint8Array(783))), null);
  assert.equal(await decode("!!"), null);
  assert.equal(await decode("A".repeat(3000)), null);
});
