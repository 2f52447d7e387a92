// A line plot in SVG: series [{points: [[x, y], ...], name}], marks at x; y from 0 to its largest value or as given.
function drawPlot(box, { series, marks = [], xMax, yMin = 0, yMax, yText }) {
  const clamp = (share) => Math.min(1, Math.max(0, share));
  const place = ([x, y]) => `${(x / xMax).toFixed(4)} ${(1 - clamp((y - yMin) / (yMax - yMin))).toFixed(4)}`;
  const levels = [0, 0.5, 1];
  box.innerHTML = `<svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label="${box.dataset.plot}">`
    + levels.map((y) => `<line x1="0" x2="1" y1="${y}" y2="${y}"/>`).join("")
    + marks.map((x) => `<line class="mark" x1="${x / xMax}" x2="${x / xMax}" y1="0" y2="1"/>`).join("")
    + series.filter(({ points }) => points.length).map(({ points, name }) =>
      `<path class="${name}" d="M${(points.length > 1 ? points : [points[0], points[0]]).map(place).join("L")}"/>`).join("")
    + "</svg>"
    + levels.map((y) => `<span class="y" style="bottom:${100 * y}%">${yText(yMin + y * (yMax - yMin))}</span>`).join("")
    + [...new Set([1, Math.ceil(xMax / 2), xMax])].map((x) => `<span class="x" style="left:${100 * x / xMax}%">${x}</span>`).join("")
    + series.filter(({ points }) => points.length).map(({ points, name }) => {
      const [x, y] = points[points.length - 1];
      return `<i class="dot ${name}" style="left:${100 * x / xMax}%;bottom:${100 * clamp((y - yMin) / (yMax - yMin))}%"></i>`;
    }).join("");
}
