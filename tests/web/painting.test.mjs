import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, countOf, read, smallest, stroke, write } from "../../advdemo/ui/web/explore/hand/painting.js";

/** Where a painting has a sign: [row, column, sign]. */
const painted = (/** @type {Int8Array} */ painting) =>
  [...painting.entries()].filter(([, sign]) => sign).map(([i, sign]) => [Math.floor(i / 28), i % 28, sign]);

/** @param {Generator<void, number | null>} work */
function finish(work) {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

test("a fine pen paints the pixels that it crosses, and no other", () => {
  const line = stroke(
    blank(),
    [
      [2.5 / 28, 3.5 / 28],
      [5.5 / 28, 3.5 / 28],
    ],
    { sign: -1, width: 1 },
  );
  assert.deepEqual(
    painted(line),
    [2, 3, 4, 5].map((column) => [3, column, -1]),
  );
});

test("a broad pen is round, and cut off at the edge", () => {
  const dot = stroke(blank(), [[14 / 28, 14 / 28]], { sign: 1, width: 4 });
  assert.equal(countOf(dot), 12); // a square of 16 without its corners
  assert.equal(dot[12 * 28 + 12], 0);
  assert.deepEqual(painted(stroke(blank(), [[0, 0]], { sign: 1, width: 2 })), [[0, 0, 1]]);
  assert.deepEqual(painted(stroke(blank(), [[1, 1]], { sign: 1, width: 2 })), [[27, 27, 1]]);
});

test("one pen paints over the other, the eraser takes both away, and what was there before stays as it was", () => {
  const first = stroke(
    blank(),
    [
      [0.5, 0.1],
      [0.5, 0.9],
    ],
    { sign: 1, width: 2 },
  );
  const before = first.slice();
  const second = stroke(
    first,
    [
      [0.1, 0.5],
      [0.9, 0.5],
    ],
    { sign: -1, width: 2 },
  );
  assert.equal(second[14 * 28 + 14], -1);
  assert.equal(
    countOf(
      stroke(
        second,
        [
          [0, 0.5],
          [1, 0.5],
        ],
        { sign: 0, width: 60 },
      ),
    ),
    0,
  );
  assert.deepEqual(first, before);
});

test("a painting comes back from a link, and what is none is null", async () => {
  const painting = Int8Array.from({ length: 784 }, (_, i) => ((i * i * 31 + i * 17) % 3) - 1);
  const text = await write(painting);
  assert.match(text, /^[\w-]+$/);
  assert.deepEqual(await read(text), painting);
  assert.ok((await write(blank())).length < 20);
  assert.ok(
    (
      await write(
        stroke(
          blank(),
          [
            [0.3, 0.3],
            [0.7, 0.6],
          ],
          { sign: 1, width: 2 },
        ),
      )
    ).length < 120,
  );
  assert.equal(await read(text.slice(0, -8)), null);
  assert.equal(await read(await write(painting.map((sign) => sign + 1))), null);
});

test("the smallest epsilon is found to 0.0001, up to 1", () => {
  for (const epsilon of [0, 0.0001, 0.005, 0.1163, 0.5, 0.7342, 0.9999, 1]) {
    assert.equal(finish(smallest((tried) => tried >= epsilon - 1e-12)), epsilon);
  }
  assert.equal(finish(smallest(() => false)), null);
  assert.equal(finish(smallest((tried) => tried > 0.2 && tried < 0.21)), 0.2001); // it need not fool from there on
});

test("nothing is tried below where the search begins but what lies in its first step", () => {
  /** @type {number[]} */
  const tried = [];
  finish(smallest((epsilon) => tried.push(epsilon) < 0, 0.5));
  assert.equal(Math.min(...tried), 0.5);
  assert.equal(Math.max(...tried), 1);
});
