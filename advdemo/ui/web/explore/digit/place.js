// Ink put into an image as MNIST's makers put theirs (LeCun et al., 1998): see _place in images/drawing.py.

export const SIZE = 28; // pixels: the image's side
export const DIGIT = 20; // the digit's longest side

/**
 * The ink's longest side brought to 20 pixels by area, and its centre of mass to the middle.
 * @param {Uint8Array} ink greys, not all 0
 * @param {number} width of its rows
 * @returns {Uint8Array} 784 greys, the brightest is 255
 */
export function place(ink, width) {
  const [left, top, right, bottom] = trimmed(ink, width);
  const sides = [bottom - top, right - left];
  const [rows, columns] = sides.map((side) => Math.max(1, Math.round((side * DIGIT) / Math.max(...sides))));
  const cut = new Float32Array(sides[0] * sides[1]);
  for (let row = 0; row < sides[0]; row++) {
    const start = (top + row) * width;
    cut.set(ink.subarray(start + left, start + right), row * sides[1]);
  }
  const digit = squeeze(squeeze(cut, sides[0], rows), sides[1], columns);
  const brightest = Math.max(...digit);
  const down = start(digit, rows, (i) => Math.floor(i / columns));
  const across = start(digit, columns, (i) => i % columns);
  const image = new Uint8Array(SIZE * SIZE);
  digit.forEach((grey, i) => {
    const [row, column] = [down + Math.floor(i / columns), across + (i % columns)];
    image[row * SIZE + column] = Math.round((grey / brightest) * 255);
  });
  return image;
}

/**
 * The box of what is not 0: its first column and row, and those after its last.
 * @param {Uint8Array} ink @param {number} width
 */
function trimmed(ink, width) {
  let [left, right] = [width, 0];
  const top = Math.floor(ink.findIndex(Boolean) / width);
  const bottom = Math.floor(ink.findLastIndex(Boolean) / width) + 1;
  for (let row = top; row < bottom; row++) {
    const line = ink.subarray(row * width, (row + 1) * width);
    let i = 0;
    while (i < left && !line[i]) i++;
    left = Math.min(left, i);
    i = width;
    while (i > right && !line[i - 1]) i--;
    right = Math.max(right, i);
  }
  return [left, top, right, bottom];
}

/**
 * The mean of `rows` rows in each of `count` strips of one height, turned over: columns become rows.
 * @param {Float32Array} values @param {number} rows @param {number} count at most `rows`
 */
function squeeze(values, rows, count) {
  const columns = values.length / rows;
  const means = new Float32Array(columns * count);
  for (let row = 0; row < rows; row++) {
    const [from, until] = [(row * count) / rows, ((row + 1) * count) / rows];
    for (let strip = Math.floor(from); strip < until; strip++) {
      const share = Math.min(until, strip + 1) - Math.max(from, strip);
      for (let i = 0; i < columns; i++) means[i * count + strip] += share * values[row * columns + i];
    }
  }
  return means;
}

/**
 * Where the rows or columns of a digit begin, so that their centre is nearest to the middle and none is cut off.
 * @param {Float32Array} digit @param {number} count of them @param {(i: number) => number} of which one a pixel is
 */
function start(digit, count, of) {
  const [mass, moment] = digit.reduce(([mass, moment], grey, i) => [mass + grey, moment + grey * of(i)], [0, 0]);
  const middle = SIZE / 2 - 1e-4; // pixel 14, as in MNIST; a little less, so that half a pixel always goes one way
  return Math.min(SIZE - count, Math.max(0, Math.round(middle - moment / mass)));
}
