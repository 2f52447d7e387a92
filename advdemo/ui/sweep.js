// The Sweep tab: asks for a sweep, then draws each partial result as it arrives.
const root = element.querySelector(".sweep");
const pick = (selector) => root.querySelector(selector);
const run = pick("#sweep-run"), stop = pick("#sweep-stop"), status = pick(".status");
const { epsilons: DEFAULT_EPSILONS, tutorial: TUTORIAL, reproduced: REPRODUCED, seeds: SEEDS } = JSON.parse(props.reference);
const number = (value) => value.toLocaleString("en-US");

let result = null;    // the newest (partial) result
let examples = [];    // the newest examples: sent only when they change
let fresh = false;    // the result is of the newest run
let sweepNumber = 0;  // results of an older run than this are dropped

// ---- Asking ----------------------------------------------------------------------------------------------------

pick(".epsilons").value = DEFAULT_EPSILONS.join(", ");

function start(withWeights = false) {
  sweepNumber += 1;
  fresh = false;
  setState("running", "Waiting for a free worker…");
  trigger("run", {
    number: sweepNumber, images: Number(pick(".count").value), epsilons: pick(".epsilons").value, ...aboutModel(withWeights),
  });
}
run.addEventListener("click", () => start());
pick(".epsilons").addEventListener("keydown", (event) => { if (event.key === "Enter" && !run.disabled) run.click(); });

stop.addEventListener("click", () => {
  sweepNumber += 1;
  trigger("halt");
  setState("done", fresh ? `Stopped after ${number(result.done)} of ${number(result.total)} images. The figures below are for those.` : "Stopped before the first figures.");
});

function setState(state, text, failed = false) {
  root.dataset.state = state;
  run.disabled = state === "running";
  stop.disabled = state !== "running";
  status.textContent = text;
  status.classList.toggle("failed", failed);
  for (const button of root.querySelectorAll("[data-format]")) button.disabled = state === "running" || !result;
}

// ---- Receiving -------------------------------------------------------------------------------------------------

function receive(value) {
  if (!value || value.number !== sweepNumber) return;  // stopped, or of an older run
  if (value.unknown_model) return start(true);
  if (value.error) return setState("done", value.error, true);
  result = JSON.parse(value.result);
  fresh = true;
  examples = result.examples ?? examples;
  const finished = result.done === result.total;
  setState(finished ? "done" : "running", finished
    ? `${number(result.total)} images × ${result.epsilons.length} ε in ${result.seconds.toFixed(1)} s on the ${result.device}.`
    : `${number(result.done)} of ${number(result.total)} images`);
  draw();
}

// ---- Drawing ---------------------------------------------------------------------------------------------------

function draw() {
  const done = result ? result.done / result.total : 0;
  pick(".progress i").style.transform = `scaleX(${done})`;
  pick(".progress").setAttribute("aria-valuenow", Math.round(100 * done));
  drawChart();
  drawTable();
  drawExamples();
}

function drawChart() {
  const epsilons = result?.epsilons ?? DEFAULT_EPSILONS;
  const last = Math.max(0.05, ...epsilons);
  const ours = result ? result.accuracies.map((share, i) => [epsilons[i] / last, share]) : [];
  const known = (accuracies) => DEFAULT_EPSILONS.map((epsilon, i) => [epsilon / last, accuracies[i]]).filter(([x]) => x <= 1.0001);
  const path = (points, name) => points.length
    ? `<path class="${name}" d="M${points.map(([x, y]) => `${x.toFixed(4)} ${(1 - y).toFixed(4)}`).join("L")}"/>` : "";
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const ticks = epsilons.length <= 8 ? epsilons : [0, 0.25, 0.5, 0.75, 1].map((share) => share * last);
  pick("#sweep-chart").innerHTML =
    `<svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label="Accuracy against epsilon">${
      shares.map((y) => `<line x1="0" x2="1" y1="${y}" y2="${y}"/>`).join("")}${REPRODUCED ? path(known(REPRODUCED), "reference reproduced") : ""}${path(known(TUTORIAL), "reference")}${path(ours, "ours")}</svg>`
    + shares.map((y) => `<span class="y" style="bottom:${100 * y}%">${100 * y}%</span>`).join("")
    + ticks.map((epsilon) => `<span class="x" style="left:${100 * epsilon / last}%">${+epsilon.toFixed(3)}</span>`).join("")
    + ours.map(([x, y]) => `<i class="dot" style="left:${100 * x}%;bottom:${100 * y}%">${
      ours.length <= 8 ? `<span>${(100 * y).toFixed(1)}</span>` : ""}</i>`).join("");
}

function drawTable() {
  const epsilons = result?.epsilons ?? DEFAULT_EPSILONS;
  pick("#sweep-table tbody").innerHTML = epsilons.map((epsilon, i) => {
    const known = DEFAULT_EPSILONS.findIndex((value) => Math.abs(value - epsilon) < 1e-9);
    return `<tr><td>${+epsilon.toFixed(4)}</td><td>${(epsilon * 255).toFixed(1)}</td>`
      + (result ? `<td>${number(result.correct[i])}</td><td>${number(result.done)}</td><td>${result.accuracies[i].toFixed(4)}</td>`
        : '<td class="empty">–</td><td class="empty">–</td><td class="empty">–</td>')
      + `<td>${known < 0 ? "–" : TUTORIAL[known].toFixed(4)}</td>`
      + (REPRODUCED ? `<td>${known < 0 ? "–" : REPRODUCED[known].toFixed(4)}</td></tr>` : "</tr>");
  }).join("");
}

function drawExamples() {
  const box = pick(".examples");
  if (!result || !examples.some((row) => row.length)) {
    box.innerHTML = '<p class="empty">Run the sweep to see which images each ε turns, and into what.</p>';
    return;
  }
  box.replaceChildren(...result.epsilons.map((epsilon, i) => {
    const row = document.createElement("div");
    row.className = "example-row";
    row.innerHTML = `<span>${epsilon ? `ε = ${+epsilon.toFixed(4)}` : "no attack"}</span>`;
    row.append(...examples[i].map(drawExample));
    if (!examples[i].length) row.insertAdjacentHTML("beforeend", '<span class="none">none yet</span>');
    return row;
  }));
}

function drawExample({ index, before, after, image }) {
  const figure = document.createElement("figure"), canvas = document.createElement("canvas");
  canvas.width = canvas.height = 28;
  canvas.title = `Test image ${index}`;
  const context = canvas.getContext("2d"), pixels = context.createImageData(28, 28);
  [...atob(image)].forEach((byte, i) => pixels.data.set([byte.charCodeAt(0), byte.charCodeAt(0), byte.charCodeAt(0), 255], 4 * i));
  context.putImageData(pixels, 0, 0);
  figure.append(canvas);
  figure.insertAdjacentHTML("beforeend", `<figcaption class="${before === after ? "right" : ""}">${before} → ${after}</figcaption>`);
  return figure;
}

// ---- Downloads -------------------------------------------------------------------------------------------------

async function exportAs(format) {
  if (format === "json") {
    const { examples: _, ...figures } = result;
    return new Blob([JSON.stringify(figures, null, 2)], { type: "application/json" });
  }
  if (format === "csv") {
    const rows = result.epsilons.map((epsilon, i) => [epsilon, result.correct[i], result.done, result.accuracies[i]].join(","));
    return new Blob([["epsilon,correct,total,accuracy", ...rows].join("\n") + "\n"], { type: "text/csv" });
  }
  return drawPng();
}

// The chart on a canvas of its own, on white whatever the page's theme: it goes into people's slides.
function drawPng() {
  const canvas = document.createElement("canvas");
  const width = canvas.width = 1280, height = canvas.height = 800, left = 110, right = 1230, top = 90, bottom = 700;
  const context = canvas.getContext("2d"), last = Math.max(0.05, ...result.epsilons);
  const place = (epsilon, share) => [left + (right - left) * epsilon / last, bottom - (bottom - top) * share];
  const line = (points, color, dash) => {
    context.beginPath();
    points.forEach(([epsilon, share], i) => context[i ? "lineTo" : "moveTo"](...place(epsilon, share)));
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
  text(`LeNet on ${number(result.done)} MNIST test images under FGSM`, left, 50, "left", "bold 30px sans-serif", "#0f172a");
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const [, y] = place(0, share);
    context.fillStyle = "#e2e8f0";
    context.fillRect(left, y, right - left, 1.5);
    text(`${100 * share}%`, left - 14, y + 8, "right");
  }
  for (const epsilon of result.epsilons) text(String(+epsilon.toFixed(3)), place(epsilon, 0)[0], bottom + 36, "center");
  text("epsilon", (left + right) / 2, bottom + 76, "center");
  line(DEFAULT_EPSILONS.map((epsilon, i) => [epsilon, TUTORIAL[i]]).filter(([epsilon]) => epsilon <= last), "#94a3b8", [12, 10]);
  line(result.epsilons.map((epsilon, i) => [epsilon, result.accuracies[i]]), "#2563eb", []);
  text("this LeNet", right, top + 10, "right", "bold 24px sans-serif", "#2563eb");
  text("PyTorch tutorial, as published (dashed)", right, top + 44, "right", "24px sans-serif", "#64748b");
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

pick(".downloads").addEventListener("click", async ({ target }) => {
  if (!target.dataset.format) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await exportAs(target.dataset.format));
  link.download = `advdemo-sweep.${target.dataset.format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

if (REPRODUCED) {
  pick("thead tr").insertAdjacentHTML("beforeend", "<th>repeated</th>");
  pick(".chart-panel .legend").insertAdjacentHTML("beforeend", '<i class="dash dots"></i>repeated here');
  pick(".note").insertAdjacentHTML("beforeend",
    ` Repeated here: its recipe and its loss, nll_loss on raw logits, mean of ${SEEDS} trainings.`);
}
watch("value", () => receive(props.value));
setState("idle", "About two seconds on two CPU cores: every image is attacked once, and all ε advance together.");
draw();
