// The ways in which a picture comes: chosen, taken with the camera, dropped on the tab or pasted.

/**
 * @param {HTMLElement} root
 * @param {(selector: string) => any} pick of the panel
 * @param {(file: File) => void} onFile
 */
export function makeArrivals(root, pick, onFile) {
  const isShown = () => root.offsetParent !== null; // and no other tab

  for (const name of ["photo-file", "photo-camera"]) {
    const input = /** @type {HTMLInputElement} */ (pick(`[data-testid="${name}"]`));
    pick(`[data-opens-file="${name}"]`).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      input.value = ""; // so that the same file can be chosen again
      if (file) onFile(file);
    });
  }

  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file || !isShown() || takesText(event.target)) return;
    event.preventDefault();
    onFile(file);
  });

  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files") || !isShown()) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    root.classList.add("dropping");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) root.classList.remove("dropping"); // it has left the window
  });
  document.addEventListener("drop", (event) => {
    root.classList.remove("dropping");
    const [file] = event.dataTransfer?.files ?? [];
    if (!file || !isShown()) return;
    event.preventDefault();
    onFile(file);
  });
}

/** @param {EventTarget | null} target */
const takesText = (target) =>
  target instanceof Element && target.matches("textarea, input:not([type=range]), [contenteditable]");
