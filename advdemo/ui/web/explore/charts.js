// Ten before/after bars.
function makeBars(root) {
  const box = root.querySelector(".bars");
  const rows = [...Array(10).keys()].map((digit) => {
    const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });
    const row = { digit: make("span", "digit", digit), track: make("span", "track"), percent: make("span", "percent") };
    row.before = make("i", "before");
    row.after = make("i", "after");
    row.track.append(row.before, row.after);
    box.append(row.digit, row.track, row.percent);
    return row;
  });
  return function draw(before, after, label, winner) {
    rows.forEach((row, digit) => {
      row.before.style.transform = `scaleX(${before[digit]})`;
      row.after.style.transform = `scaleX(${after[digit]})`;
      row.percent.textContent = percent(after[digit]);
      for (const part of [row.digit, row.track, row.percent]) {
        part.classList.toggle("is-label", digit === label);
        part.classList.toggle("is-winner", digit === winner);
      }
    });
  };
}

// Confidence against epsilon: drawn once for each digit, then only the cursor moves.
function makeCurve(root, epsilons) {
  const last = epsilons[epsilons.length - 1];
  const box = root.querySelector(".curve");
  const legend = root.querySelector(".curve-legend");
  const ticks = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
  box.innerHTML = `
    <div class="y"><span style="bottom:100%">100%</span><span style="bottom:50%">50%</span><span style="bottom:0">0%</span></div>
    <div class="plot"><svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label="Confidence against epsilon"></svg><div class="cursor"></div></div>
    <div class="x">${ticks.map((tick) => `<span style="left:${100 * tick / last}%">${tick.toFixed(1)}</span>`).join("")}</div>`;
  const svg = box.querySelector("svg"), cursor = box.querySelector(".cursor");

  function draw(scan) {
    const path = (digit, name) => `<path class="${name}" d="M${epsilons.map(
      (epsilon, i) => `${(epsilon / last).toFixed(4)} ${(1 - scan.probabilities[i * 10 + digit]).toFixed(4)}`).join("L")}"/>`;
    const others = [...Array(10).keys()].filter((digit) => digit !== scan.label && !scan.rivals.includes(digit));
    svg.innerHTML = scan.fooledSpans.map(([from, to]) =>
      `<rect x="${from / last}" y="0" width="${(to - from) / last}" height="1"/>`).join("")
      + [0, 0.5, 1].map((y) => `<line x1="0" x2="1" y1="${y}" y2="${y}"/>`).join("")
      + others.map((digit) => path(digit, "other")).join("")
      + scan.rivals.map((digit, place) => path(digit, `rival rival-${place}`)).join("") + path(scan.label, "label");
    legend.innerHTML = `<i class="line"></i>digit ${scan.label}`
      + scan.rivals.slice(0, 3).map((digit, place) => `<i class="line rival rival-${place}"></i>digit ${digit}`).join("");
  }

  function move(scan, step) {
    cursor.style.left = `${100 * epsilons[step] / last}%`;
    cursor.style.setProperty("--dot", `${100 - 100 * scan.probabilities[step * 10 + scan.winners[step]]}%`);
  }
  return { draw, move };
}

// 97.2%, 99.98%, 0.4%, 0%: never 100% for less than certainty to two decimals.
function percent(share) {
  if (share >= 0.9995) return share >= 0.99995 ? "100%" : (100 * share).toFixed(2) + "%";
  return share < 0.0005 ? "0%" : (100 * share).toFixed(1) + "%";
}
