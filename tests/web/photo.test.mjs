import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted, MOST, travels } from "../../advdemo/ui/web/explore/photo/file.js";

test("what the server reads travels as it is, up to 4 MB", () => {
  for (const type of ["image/jpeg", "image/png", "image/webp", "image/avif"]) {
    assert.equal(travels({ type, size: MOST }), true);
    assert.equal(travels({ type, size: MOST + 1 }), false);
  }
  for (const type of ["image/heic", "image/gif", ""]) assert.equal(travels({ type, size: 1 }), false);
});

test("a picture is shrunk to 2,000 pixels and never enlarged", () => {
  assert.deepEqual(fitted(4032, 3024), [2000, 1500]);
  assert.deepEqual(fitted(3000, 4000), [1500, 2000]);
  assert.deepEqual(fitted(640, 480), [640, 480]);
  assert.deepEqual(fitted(9000, 1), [2000, 1]);
});
