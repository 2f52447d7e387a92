// Long computations in the page, in slices short enough that it answers a finger and paints in between.

const SLICE = 8; // milliseconds

/**
 * Run work to its end; what it returns. Once the signal is aborted it goes no further, and its reason is thrown.
 * @template T
 * @param {Generator<void, T>} work that pauses after every millisecond or so
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export async function inSlices(work, signal) {
  for (;;) {
    signal.throwIfAborted();
    const end = performance.now() + SLICE;
    while (performance.now() < end) {
      const { done, value } = work.next();
      if (done) return value;
    }
    await pause();
  }
}

// A message is not held back for four milliseconds, as a timeout is.
const pause = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(null);
  });
