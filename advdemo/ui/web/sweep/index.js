// The Sweep tab: asks for sweeps, one curve each, and draws every partial result as it arrives.
const root = element.querySelector(".sweep");
const pick = (selector) => root.querySelector(selector);
const run = pick("#sweep-run"), stop = pick("#sweep-stop"), status = pick(".status");
const { epsilons: DEFAULT_EPSILONS, tutorial: TUTORIAL, reproduced: REPRODUCED, seeds: SEEDS } = JSON.parse(props.reference);
const REFERENCES = [{ name: "", epsilons: DEFAULT_EPSILONS, accuracies: TUTORIAL }];
if (REPRODUCED) REFERENCES.push({ name: "reproduced", epsilons: DEFAULT_EPSILONS, accuracies: REPRODUCED });

let curves = [];        // {name, model, network, weights, attack, images, result: the newest (partial) one, examples}
let selected = 0;       // the curve that the tables are about
let running = null;     // the curve under way
let atEpsilon = null;   // the place, in the selected curve's list, of the epsilon that the matrix is about
let numbers = { run: 0, cell: 0, transfer: 0 };  // answers to older questions than these are dropped
let lastCell = null;
let transfer = null;    // {names, table, epsilon, attack}

// ---- Asking ----------------------------------------------------------------------------------------------------

const networkBox = pick(".network"), attackBox = pick(".attack"), countBox = pick(".count");
pick(".epsilons").value = DEFAULT_EPSILONS.join(", ");
attackBox.addEventListener("change", () => {
  if (attackBox.value === "pgd" && countBox.value === "10000") countBox.value = "1000";  // 40 gradients an image and ε
  drawTransferPanel();
});
countBox.addEventListener("change", drawTransferPanel);
const textOf = (box) => box.selectedOptions[0].text;

function start(withWeights = false) {
  numbers.run += 1;
  running = {
    name: `${textOf(networkBox)}, ${textOf(attackBox)}`, model: networkBox.value, network: networkName(networkBox.value),
    ...withOwnWeights([networkBox.value]), attack: attackBox.value, images: Number(countBox.value), result: null, examples: [],
  };
  setState("running", "Starting…");
  trigger("run", {
    kind: "run", number: numbers.run, images: running.images, epsilons: pick(".epsilons").value, attack: running.attack,
    model: running.network, ...(withWeights ? { weights: running.weights } : {}),
  });
}
run.addEventListener("click", () => start());
pick(".epsilons").addEventListener("keydown", (event) => { if (event.key === "Enter" && !run.disabled) run.click(); });

stop.addEventListener("click", () => {
  numbers.run += 1;
  numbers.transfer += 1;
  trigger("halt");
  const done = running?.result;
  running = null;
  setState("done", done ? `Stopped after ${numeral(done.done)} of ${numeral(done.total)} images. The figures below are for those.` : "Stopped before the first figures.");
  drawTransferPanel();
});

function setState(state, text, failed = false) {
  root.dataset.state = state;
  run.disabled = state === "running";
  stop.disabled = state !== "running";
  status.textContent = text;
  status.classList.toggle("failed", failed);
  for (const button of root.querySelectorAll("[data-format]")) button.disabled = state === "running" || !curves.length;
}

pick(".matrix").addEventListener("click", ({ target }) => {
  if (target.dataset.truth) askCell({ truth: Number(target.dataset.truth), predicted: Number(target.dataset.predicted) });
});

function askCell(cell, withWeights = false) {
  const curve = curves[selected];
  numbers.cell += 1;
  lastCell = cell;
  pick(".cell-examples").innerHTML = '<p class="empty">Looking for them…</p>';
  trigger("cell", {
    kind: "cell", number: numbers.cell, images: curve.result.done, epsilon: curve.result.epsilons[atEpsilon],
    attack: curve.attack, model: curve.network, ...cell, ...(withWeights ? { weights: curve.weights } : {}),
  });
}

const transferEpsilon = () => curves[selected]?.result.epsilons[atEpsilon] || 0.2;

function askTransfer(withWeights = false) {
  numbers.transfer += 1;
  const models = [...networkBox.options].map(({ value }) => value);
  transfer = { names: [...networkBox.options].map(({ text }) => text), table: null, epsilon: transferEpsilon(), attack: textOf(attackBox), images: Number(countBox.value) };
  setState("running", "Measuring transfer…");
  pick(".transfer-status").textContent = "Measuring…";
  drawTransfer(pick("table.transfer"), transfer.names, null);
  trigger("transfer", {
    kind: "transfer", number: numbers.transfer, images: transfer.images, epsilon: transfer.epsilon, attack: attackBox.value,
    models: models.map(networkName), ...(withWeights ? withOwnWeights(models) : {}),
  });
}
pick(".measure").addEventListener("click", () => { if (!run.disabled) askTransfer(); });

// ---- Receiving -------------------------------------------------------------------------------------------------

function receive(value) {
  if (!value || value.number !== numbers[value.kind]) return;  // stopped, or of an older question
  if (value.unknown_model) return { run: start, cell: (again) => askCell(lastCell, again), transfer: askTransfer }[value.kind](true);
  ({ run: receiveResult, cell: receiveExamples, transfer: receiveTransfer })[value.kind](value);
}

function receiveResult(value) {
  if (value.ahead) return setState("running", waiting(value.ahead, "sweep"));
  if (value.error) {
    running = null;
    return setState("done", value.error, true);
  }
  const result = JSON.parse(value.result);
  if (!running.result) {
    const same = curves.findIndex(({ name }) => name === running.name);
    selected = same >= 0 ? same : Math.min(curves.length, COLOURS.length - 1);
    curves[selected] = running;
    atEpsilon = null;
  }
  running.result = result;
  running.examples = result.examples ?? running.examples;
  atEpsilon ??= Math.max(0, result.epsilons.findIndex((epsilon) => epsilon >= 0.2 - 1e-9));
  const finished = result.done === result.total;
  setState(finished ? "done" : "running", finished
    ? `${numeral(result.total)} images × ${result.epsilons.length} ε in ${result.seconds.toFixed(1)} s on the ${result.device}. Choose another network or attack to add its curve.`
    : `${numeral(result.done)} of ${numeral(result.total)} images`);
  if (finished) running = null;
  draw();
}

function receiveExamples(value) {
  const box = pick(".cell-examples");
  if (value.error) { box.textContent = value.error; return; }
  const found = JSON.parse(value.found), { truth, predicted } = lastCell;
  box.innerHTML = `<p>${found.length ? `Some of the ${truth}s that are read as ${predicted}:` : `No ${truth} is read as ${predicted} this time: the noise is drawn anew.`}</p>`;
  const row = Object.assign(document.createElement("div"), { className: "example-row" });
  row.append(...found.map((example) => drawExample(example, (index) => openInExplore(index, curves[selected].result.epsilons[atEpsilon]))));
  box.append(row);
}

function receiveTransfer(value) {
  if (value.ahead) { pick(".transfer-status").textContent = waiting(value.ahead, "sweep"); return; }
  if (value.error) {
    pick(".transfer-status").textContent = value.error;
    return setState("done", "");
  }
  const { table, done } = JSON.parse(value.transfer);
  transfer.table = table;
  if (done && table.flat().every((share) => share !== null)) {
    transfer.complete = true;
    setState("done", "Transfer measured: see its table below.");
  }
  drawTransferPanel();
}

// ---- Drawing ---------------------------------------------------------------------------------------------------

function draw() {
  const curve = curves[selected], result = curve?.result, share = result ? result.done / result.total : 0;
  pick(".progress i").style.transform = `scaleX(${share})`;
  pick(".progress").setAttribute("aria-valuenow", Math.round(100 * share));
  drawCurves(pick("#sweep-chart"), curves, REFERENCES, selected);
  pick(".curves").innerHTML = curves.map(({ name }, i) =>
    `<span class="curve-chip" style="--colour:var(--curve-${i})"><button type="button" data-select="${i}" aria-pressed="${i === selected}"><i></i>${escape(name)}</button>`
    + `<button type="button" data-remove="${i}" aria-label="Remove ${escape(name)}">×</button></span>`).join("");
  pick(".curve-name").textContent = curve ? curve.name : "The table";
  drawTable(result);
  pick(".at-epsilon").innerHTML = result ? thinned(result.epsilons.length, 11).map((i) =>
    `<button type="button" data-epsilon="${i}" aria-pressed="${i === atEpsilon}">${short(result.epsilons[i])}</button>`).join("") : "";
  drawMatrix(pick(".matrix"), result ? result.flips[atEpsilon] : null);
  drawPerClass(pick("table.per-class"), result);
  drawHistogram(pick(".histogram"), result);
  drawExamples(curve);
  drawTransferPanel();
}

const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

root.addEventListener("click", ({ target }) => {
  const { select, remove, epsilon } = target.closest("button")?.dataset ?? {};
  if (select !== undefined) show(Number(select));
  if (epsilon !== undefined) { atEpsilon = Number(epsilon); lookAgain(); }
  if (remove !== undefined && run.disabled === false) {
    curves.splice(Number(remove), 1);
    show(Math.min(selected, curves.length - 1));
    setState("done", "");
  }
});

function show(place) {
  selected = Math.max(0, place);
  const epsilons = curves[selected]?.result.epsilons ?? [];
  atEpsilon = epsilons.length ? Math.max(0, epsilons.findIndex((epsilon) => epsilon >= 0.2 - 1e-9)) : null;
  lookAgain();
}

function lookAgain() {
  numbers.cell += 1;  // examples under way are of another cell
  pick(".cell-examples").innerHTML = "";
  draw();
}

function drawTable(result) {
  const epsilons = result?.epsilons ?? DEFAULT_EPSILONS;
  pick("#sweep-table tbody").innerHTML = epsilons.map((epsilon, i) => {
    const known = DEFAULT_EPSILONS.findIndex((value) => Math.abs(value - epsilon) < 1e-9);
    return `<tr><td>${short(epsilon)}</td><td>${(epsilon * 255).toFixed(1)}</td>`
      + (result ? `<td>${numeral(result.correct[i])}</td><td>${numeral(result.done)}</td><td>${result.accuracies[i].toFixed(4)}</td>`
        : '<td class="empty">–</td><td class="empty">–</td><td class="empty">–</td>')
      + `<td>${known < 0 ? "–" : TUTORIAL[known].toFixed(4)}</td>`
      + (REPRODUCED ? `<td>${known < 0 ? "–" : REPRODUCED[known].toFixed(4)}</td></tr>` : "</tr>");
  }).join("");
}

function drawExamples(curve) {
  const box = pick(".examples");
  if (!curve?.examples.some((row) => row.length)) {
    box.innerHTML = '<p class="empty">Run the sweep to see which images each ε turns, and into what.</p>';
    return;
  }
  box.replaceChildren(...thinned(curve.result.epsilons.length, 9).map((i) => {
    const epsilon = curve.result.epsilons[i], row = document.createElement("div");
    row.className = "example-row";
    row.innerHTML = `<span>${epsilon ? `ε = ${short(epsilon)}` : "no attack"}</span>`;
    row.append(...curve.examples[i].map((example) => drawExample(example, (index) => openInExplore(index, epsilon))));
    if (!curve.examples[i].length) row.insertAdjacentHTML("beforeend", '<span class="none">none yet</span>');
    return row;
  }));
}

function openInExplore(index, epsilon) {
  const { model, attack } = curves[selected];
  chosen.open(new URLSearchParams({ index, model, attack, epsilon: Math.min(0.5, Math.round(epsilon * 200) / 200) }).toString());
}

function drawTransferPanel() {
  const names = transfer?.names ?? [...networkBox.options].map(({ text }) => text);
  drawTransfer(pick("table.transfer"), names.map(escape), transfer?.table);
  const alone = networkBox.options.length < 2;
  pick(".measure").textContent = `Measure: ${textOf(attackBox)}, ε = ${short(transferEpsilon())}, ${numeral(Number(countBox.value))} images`;
  pick(".measure").disabled = alone || root.dataset.state === "running";
  if (transfer) pick(".transfer-status").textContent = `${transfer.complete ? "Measured" : "Measuring"}: ${transfer.attack}, ε = ${short(transfer.epsilon)}, ${numeral(transfer.images)} images.`;
  else pick(".transfer-status").textContent = alone ? "It takes two networks: train one, or upload one, in the Train tab." : "";
}

// ---- Downloads -------------------------------------------------------------------------------------------------

async function exportAs(format) {
  if (format === "png") return drawPng(curves, REFERENCES);
  if (format === "json") {
    const figures = curves.map(({ name, attack, result: { examples: _, ...rest } }) => ({ name, attack, ...rest }));
    return new Blob([JSON.stringify(figures, null, 1)], { type: "application/json" });
  }
  const rows = curves.flatMap(({ name, attack, result }) => result.epsilons.map((epsilon, i) =>
    [epsilon, result.correct[i], result.done, result.accuracies[i], `"${name.split(",")[0].replaceAll('"', '""')}"`, attack].join(",")));
  return new Blob([["epsilon,correct,total,accuracy,network,attack", ...rows].join("\n") + "\n"], { type: "text/csv" });
}

pick(".chart-panel .downloads").addEventListener("click", async ({ target }) => {
  if (!target.dataset.format) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await exportAs(target.dataset.format));
  link.download = `advdemo-sweep.${target.dataset.format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

if (REPRODUCED) {
  pick("#sweep-table thead tr").insertAdjacentHTML("beforeend", "<th>repeated</th>");
  pick(".chart-panel .legend").insertAdjacentHTML("beforeend", '<i class="dash dots"></i>repeated here');
  pick(".table-panel .note").insertAdjacentHTML("beforeend",
    ` Repeated here: its recipe and its loss, nll_loss on raw logits, mean of ${SEEDS} trainings.`);
}
watch("value", () => receive(props.value));
offerNetworks(networkBox, props.networks, drawTransferPanel);
setState("idle", "FGSM takes about two seconds on two CPU cores: every image is attacked once, and all ε advance together.");
draw();
