// A page for a classroom: it grows with the window, and has the whole screen by a button and by the key F.

const [WIDTH, HEIGHT] = [1280, 800]; // pixels of a window in which nothing is enlarged
const LARGEST = 3;
const TYPING = "input, textarea, select, [contenteditable]";

/** Enlarge everything in a large window. Gradio's media queries would not reach the part that holds it all. */
export function growWithWindow() {
  const grow = () => {
    const size = Math.min(innerWidth / WIDTH, innerHeight / HEIGHT);
    document.documentElement.style.setProperty("--zoom", String(Math.min(LARGEST, Math.max(1, size))));
  };
  addEventListener("resize", grow);
  grow();
}

/** @param {HTMLElement} button */
export function makeFullScreen(button) {
  button.hidden = !document.fullscreenEnabled; // forbidden in many frames

  function toggle() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {}); // the visitor has declined
  }
  button.addEventListener("click", toggle);
  document.addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
    const typing = /** @type {Element} */ (target).matches?.(TYPING);
    if (key.toLowerCase() === "f" && !typing && !ctrlKey && !metaKey && !altKey && !button.hidden) toggle();
  });
}
