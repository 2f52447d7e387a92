// Random noise as advdemo/attacks/noise.py has it: -1 or 1 for each pixel, from a generator seeded by the image.
//
// PyTorch's generator is the Mersenne Twister (Matsumoto and Nishimura, 1998), of whose numbers a float32 in [0, 1)
// takes the lower 24 bits.

const SIZE = 624; // of its state
const MIDDLE = 397;
const HALF = 1 << 23;

/** @param {Float32Array} image 784 pixels in [0, 1] @returns {Int8Array} */
export function randomSign(image) {
  const numbers = twister(checksum(new Uint8Array(image.buffer, image.byteOffset, image.byteLength)), image.length);
  return Int8Array.from(numbers, (number) => Math.sign((number & 0xffffff) - HALF));
}

/** The CRC-32 that zlib computes. @param {Uint8Array} bytes */
function checksum(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}

/** The first numbers of 32 bits. @param {number} seed @param {number} count */
function twister(seed, count) {
  const state = new Uint32Array(SIZE);
  state[0] = seed;
  for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  return Uint32Array.from({ length: count }, (_, place) => {
    const i = place % SIZE;
    const mixed = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
    state[i] = state[(i + MIDDLE) % SIZE] ^ (mixed >>> 1) ^ (0x9908b0df & -(mixed & 1));
    let number = state[i];
    number ^= number >>> 11;
    number ^= (number << 7) & 0x9d2c5680;
    number ^= (number << 15) & 0xefc60000;
    return number ^ (number >>> 18);
  });
}
