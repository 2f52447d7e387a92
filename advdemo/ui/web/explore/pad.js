// The drawing pad: strokes by mouse, pen or touch, kept as lists of points so that undo is exact.
// onChange(dataUrl | null) runs at the end of each stroke and after undo and clear; null is an empty pad.
function makePad(root, onChange) {
  const canvas = root.querySelector('[data-testid="pad"]');
  const undo = root.querySelector('[data-testid="pad-undo"]');
  const clear = root.querySelector('[data-testid="pad-clear"]');
  const hint = root.querySelector(".pad-hint");
  const context = canvas.getContext("2d");
  const BRUSH = canvas.width * 0.075;
  let strokes = [];
  let current = null;

  function point(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  }

  // Quadratic curves through the midpoints of the samples: smooth, and the same however the samples were batched.
  function trace(points) {
    context.beginPath();
    context.moveTo(...points[0]);
    for (let i = 1; i < points.length - 1; i++) {
      const [x, y] = points[i], [nextX, nextY] = points[i + 1];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    const [x, y] = points[points.length - 1];
    context.lineTo(x + 0.01, y);  // a dot too has a length, or it is not drawn
    context.stroke();
  }

  function repaint() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = "#fff";
    context.lineWidth = BRUSH;
    context.lineCap = context.lineJoin = "round";
    strokes.forEach(trace);
    if (current) trace(current);
    hint.hidden = strokes.length > 0 || current !== null;
    undo.disabled = clear.disabled = strokes.length === 0;
  }

  function changed() {
    repaint();
    onChange(strokes.length ? canvas.toDataURL("image/png") : null);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (current || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    current = [point(event)];
    current.pointer = event.pointerId;
    repaint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || event.pointerId !== current.pointer) return;
    const samples = event.getCoalescedEvents?.() ?? [];
    current.push(...(samples.length ? samples : [event]).map(point));
    repaint();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => {
      if (!current || event.pointerId !== current.pointer) return;
      strokes.push(current);
      current = null;
      changed();
    });
  }
  undo.addEventListener("click", () => { strokes.pop(); changed(); });
  clear.addEventListener("click", () => { strokes = []; changed(); });
  repaint();
  return { resend: () => strokes.length > 0 && changed() };
}
