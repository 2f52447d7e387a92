// What the Sweep tab draws. A curve: {name, attack, model, result, examples}; its place in the list decides its colour.
const COLOURS = ["#2563eb", "#8a4f6d", "#1e7a74", "#64748b", "#7c3aed", "#4d7c0f"];
const numeral = (value) => value.toLocaleString("en-US");
const inPercent = (share) => `${(100 * share).toFixed(1)}%`;
const short = (epsilon) => String(+epsilon.toFixed(4));

// Accuracy against epsilon. references: [{name, epsilons, accuracies}], dashed.
function drawCurves(box, curves, references, selected) {
  const lists = [...curves.map(({ result }) => result), ...(curves.length ? [] : references)];
  const last = Math.max(0.05, ...lists.flatMap(({ epsilons }) => epsilons));
  const points = ({ epsilons, accuracies }) => epsilons.map((epsilon, i) => [epsilon / last, accuracies[i]]).filter(([x]) => x <= 1.0001);
  const path = (list, name, colour) => list.length
    ? `<path class="${name}" ${colour === undefined ? "" : `style="stroke:var(--curve-${colour})"`} d="M${list.map(([x, y]) => `${x.toFixed(4)} ${(1 - y).toFixed(4)}`).join("L")}"/>` : "";
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const epsilons = curves[selected]?.result.epsilons ?? references[0].epsilons;
  const ticks = epsilons.length <= 8 ? epsilons : shares.map((share) => share * last);
  box.innerHTML = `<svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label="Accuracy against epsilon">${
    shares.map((y) => `<line x1="0" x2="1" y1="${y}" y2="${y}"/>`).join("")}${
    references.map((reference) => path(points(reference), `reference ${reference.name}`)).join("")}${
    curves.map(({ result }, i) => path(points(result), "ours", i)).join("")}</svg>`
    + shares.map((y) => `<span class="y" style="bottom:${100 * y}%">${100 * y}%</span>`).join("")
    + ticks.map((epsilon) => `<span class="x" style="left:${100 * epsilon / last}%">${+epsilon.toFixed(3)}</span>`).join("")
    + curves.map(({ result }, i) => points(result).map(([x, y]) => `<i class="dot" style="left:${100 * x}%;bottom:${100 * y}%;background:var(--curve-${i})">${
      i === selected && epsilons.length <= 8 ? `<span>${(100 * y).toFixed(1)}</span>` : ""}</i>`).join("")).join("");
}

// counts: 10 rows (true) of 10 (predicted), or null.
function drawMatrix(table, counts) {
  const most = counts ? Math.max(1, ...counts.flatMap((row, truth) => row.filter((_, predicted) => predicted !== truth))) : 1;
  const digits = [...Array(10).keys()];
  table.innerHTML = `<tr><th></th>${digits.map((digit) => `<th>${digit}</th>`).join("")}</tr>` + digits.map((truth) =>
    `<tr><th>${truth}</th>${digits.map((predicted) => {
      const count = counts?.[truth][predicted];
      if (!count) return `<td class="none">${counts ? 0 : ""}</td>`;
      const kind = truth === predicted ? "right" : "wrong";
      return `<td class="${kind}" style="--weight:${(count / (kind === "right" ? 1100 : most)).toFixed(2)}"><button type="button" data-truth="${truth}" data-predicted="${predicted}" aria-label="${count} images of ${truth} read as ${predicted}">${count}</button></td>`;
    }).join("")}</tr>`).join("");
}

function drawPerClass(table, result) {
  if (!result) { table.innerHTML = ""; return; }
  const columns = thinned(result.epsilons.length, 9);
  table.innerHTML = `<tr><th></th>${columns.map((i) => `<th>${short(result.epsilons[i])}</th>`).join("")}</tr>` + [...Array(10).keys()].map((digit) =>
    `<tr><th>${digit}</th>${columns.map((i) => {
      const row = result.flips[i][digit], all = row.reduce((sum, count) => sum + count, 0);
      return all ? `<td style="--weight:${(row[digit] / all).toFixed(2)}">${Math.round(100 * row[digit] / all)}</td>` : "<td>–</td>";
    }).join("")}</tr>`).join("");
}

// Some of 0 .. count - 1, evenly, with both ends.
function thinned(count, most) {
  if (count <= most) return [...Array(count).keys()];
  return [...Array(most).keys()].map((i) => Math.round(i * (count - 1) / (most - 1)));
}

function drawHistogram(box, result) {
  if (!result) { box.innerHTML = '<p class="empty">Run a sweep to see at which ε the images give way.</p>'; return; }
  const counts = result.first_flips, most = Math.max(1, ...counts);
  const labels = [...result.epsilons.map(short), "never"], shown = new Set([...thinned(labels.length - 1, 9), labels.length - 1]);
  box.innerHTML = counts.map((count, i) =>
    `<div class="bar ${i === counts.length - 1 ? "never" : ""}" title="${labels[i] === "never" ? "not fooled by any" : `ε = ${labels[i]}`}: ${numeral(count)} images">`
    + `<span class="count">${counts.length <= 9 ? numeral(count) : ""}</span><i style="height:${(110 * count / most).toFixed(1)}px"></i><span>${shown.has(i) ? labels[i] : ""}</span></div>`).join("");
}

// names: of the networks; table: rows "made on", columns "tried on", accuracies or null.
function drawTransfer(box, names, table) {
  box.innerHTML = `<tr><th>made on ↓ tried on →</th>${names.map((name) => `<th>${name}</th>`).join("")}</tr>` + names.map((name, row) =>
    `<tr><th>${name}</th>${names.map((_, column) => {
      const share = table?.[row]?.[column] ?? null;
      return `<td class="${row === column ? "white-box" : ""}">${share === null ? "–" : inPercent(share)}</td>`;
    }).join("")}</tr>`).join("");
}

function drawExample({ index, before, after, image }, onOpen) {
  const figure = document.createElement("figure"), canvas = document.createElement("canvas");
  canvas.width = canvas.height = 28;
  const button = Object.assign(document.createElement("button"), { type: "button", title: `Test image ${index}: explore it` });
  const context = canvas.getContext("2d"), pixels = context.createImageData(28, 28);
  [...atob(image)].forEach((byte, i) => pixels.data.set([byte.charCodeAt(0), byte.charCodeAt(0), byte.charCodeAt(0), 255], 4 * i));
  context.putImageData(pixels, 0, 0);
  button.append(canvas);
  button.addEventListener("click", () => onOpen(index));
  figure.append(button);
  figure.insertAdjacentHTML("beforeend", `<figcaption class="${before === after ? "right" : ""}">${before} → ${after}</figcaption>`);
  return figure;
}

// The chart on a canvas of its own, on white whatever the page's theme: it goes into people's slides.
function drawPng(curves, references) {
  const canvas = document.createElement("canvas");
  const width = canvas.width = 1280, height = canvas.height = 800, left = 110, right = 1230, top = 90, bottom = 700;
  const context = canvas.getContext("2d"), last = Math.max(0.05, ...curves.flatMap(({ result }) => result.epsilons));
  const place = (epsilon, share) => [left + (right - left) * epsilon / last, bottom - (bottom - top) * share];
  const line = ({ epsilons, accuracies }, color, dash) => {
    context.beginPath();
    epsilons.forEach((epsilon, i) => { if (epsilon <= last) context[i ? "lineTo" : "moveTo"](...place(epsilon, accuracies[i])); });
    Object.assign(context, { strokeStyle: color, lineWidth: 4 });
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
  };
  const text = (words, x, y, align, font = "24px sans-serif", color = "#334155") => {
    Object.assign(context, { font, fillStyle: color, textAlign: align });
    context.fillText(words, x, y);
  };
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  text("LeNet on MNIST test images under attack", left, 50, "left", "bold 30px sans-serif", "#0f172a");
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const [, y] = place(0, share);
    context.fillStyle = "#e2e8f0";
    context.fillRect(left, y, right - left, 1.5);
    text(`${100 * share}%`, left - 14, y + 8, "right");
  }
  const ticks = curves[0].result.epsilons;
  for (const i of thinned(ticks.length, 9)) text(String(+ticks[i].toFixed(3)), place(ticks[i], 0)[0], bottom + 36, "center");
  text("epsilon", (left + right) / 2, bottom + 76, "center");
  line(references[0], "#94a3b8", [12, 10]);
  curves.forEach(({ name, result }, i) => {
    line(result, COLOURS[i], []);
    text(`${name}, ${numeral(result.done)} images`, right, top + 10 + 34 * i, "right", "bold 24px sans-serif", COLOURS[i]);
  });
  text("PyTorch tutorial, as published (dashed)", right, top + 10 + 34 * curves.length, "right", "24px sans-serif", "#64748b");
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
