// The Train tab: draws each epoch as it arrives and keeps the best weights, here in the browser.
const root = element.querySelector(".train");
const pick = (selector) => root.querySelector(selector);
const setup = JSON.parse(props.setup);
const run = pick("#train-run"), stop = pick("#train-stop"), status = pick(".status");
const share = (value, digits = 2) => `${(100 * value).toFixed(digits)}%`;

let number = 0;     // of the newest question; answers to older ones are dropped
let epochs = [];    // the records so far
let planned = 10;   // epochs asked for
let trained = null; // the newest model: {weights, name, hash, accuracy, confusion}

// ---- Asking ----------------------------------------------------------------------------------------------------

pick(".recipe").append(...Object.keys(setup.recipes).map((name) => new Option(name, name)));
pick(".recipe").value = "quick";
pick(".recipe").addEventListener("change", showRecipe);

function showRecipe() {
  const recipe = setup.recipes[pick(".recipe").value];
  pick(".epochs").value = Math.min(recipe.epochs, recipe.cap);
  pick(".epochs").max = recipe.cap;
  pick(".rate").value = recipe.learning_rate;
  pick(".about").textContent = recipe.about + (recipe.epsilon ? " The curves show losses and accuracies under that attack." : "") + (recipe.epochs > recipe.cap ? ` At most ${recipe.cap} epochs here.` : "");
}

run.addEventListener("click", () => {
  const empty = [...root.querySelectorAll("input[required]")].find(({ validity }) => validity.valueMissing || validity.badInput);
  if (empty) return empty.reportValidity();
  number += 1;
  epochs = [];
  planned = Number(pick(".epochs").value);
  setTrained(null);
  setState("running", "Starting…");
  trigger("train", {
    number, recipe: pick(".recipe").value, epochs: planned,
    learning_rate: Number(pick(".rate").value), seed: Number(pick(".seed").value),
  });
});

stop.addEventListener("click", () => {
  trigger("halt");
  number += 1;
  if (trained) judgeTrained(`Stopped after epoch ${epochs.length}; its best epoch is kept.`);
  else setState("done", "Stopped before the first epoch ended: there is nothing to keep.");
});

function judgeTrained(text) {
  setState("done", `${text} Judging it on the 10,000 test images…`);
  status.dataset.then = text;
  number += 1;
  trigger("judge", { number, weights: trained.weights });
}

function setState(state, text, failed = false) {
  root.dataset.state = state;
  run.disabled = state === "running" || !setup.enabled;
  stop.disabled = state !== "running";
  status.textContent = text;
  status.classList.toggle("failed", failed);
}

// ---- Receiving -------------------------------------------------------------------------------------------------

function receive(value) {
  if (!value || value.number !== number) return;  // stopped, or of an older question
  if (value.error && trained && !trained.hash) {  // it was to be judged
    setTrained(null);
    pick(".summary").textContent = value.error;
    return setState("done", "");
  }
  if (value.error) return setState("done", value.error, true);
  if (value.ahead) return setState("running", waiting(value.ahead, "training"));
  if (value.judged) return receiveJudged(JSON.parse(value.judged));
  const { progress, epoch } = JSON.parse(value.update);
  if (!epochs.length && !epoch) draw();  // the curves of an earlier training go when this one has begun
  planned = progress.epochs;
  if (epoch) epochs.push(epoch);
  if (value.weights) trained = { weights: value.weights, name: `${pick(".recipe").value}, epoch ${progress.epoch}` };
  pick(".progress i").style.transform = `scaleX(${progress.share})`;
  pick(".progress").setAttribute("aria-valuenow", Math.round(100 * progress.share));
  const last = epochs[epochs.length - 1];
  setState("running", `Epoch ${progress.epoch} of ${progress.epochs}, about ${duration(progress.left)} left`
    + (last ? ` · held-out accuracy ${share(last.validation_accuracy)}` : ""));
  if (epoch) draw();
  const finished = epoch && (epoch.epoch === progress.epochs || (epochs.length > 1 && epoch.learning_rate <= 1e-6));
  if (finished) judgeTrained(`${epoch.epoch} ${epoch.epoch === 1 ? "epoch" : "epochs"} in ${duration(progress.seconds)}; the best on held-out images is kept.`);
}

function receiveJudged({ hash, confusion, recipe }) {
  const total = confusion.flat().reduce((sum, count) => sum + count, 0);
  const right = confusion.reduce((sum, row, digit) => sum + row[digit], 0);
  setTrained({ ...trained, hash, confusion, accuracy: right / total, name: trained.name || recipe || "uploaded" });
  setState("done", `${status.dataset.then} ${share(trained.accuracy)} of the test images right.`);
  draw();
}

function duration(seconds) {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

// ---- The trained model -----------------------------------------------------------------------------------------

function setTrained(model) {
  trained = model;
  pick(".use").disabled = pick(".download").disabled = !model?.hash;
  pick(".summary").textContent = model?.hash
    ? `${model.name}: ${share(model.accuracy)} of the 10,000 test images right.`
    : "Train a model or upload one, then use it in Explore and in the sweep. It is kept until you reload the page: download it to keep it longer.";
  drawJudgement();
}

pick(".use").addEventListener("click", () => choose(trained));
pick(".restore").addEventListener("click", () => choose(null));
chosen.listeners.add((model) => {
  pick(".in-use").textContent = model ? `in use: ${model.name}` : "in use: the shipped model";
  pick(".restore").disabled = !model;
});

pick(".download").addEventListener("click", () => {
  const bytes = Uint8Array.from(atob(trained.weights), (c) => c.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = "lenet.safetensors";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

pick(".upload").addEventListener("click", () => pick(".file").click());
pick(".file").addEventListener("change", async ({ target }) => {
  const file = target.files[0];
  target.value = "";
  if (!file) return;
  if (file.size > 1_000_000) {
    pick(".summary").textContent = `${file.name} has ${file.size.toLocaleString("en-US")} bytes; a model has at most 1 MB.`;
    return;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  setTrained({ weights: btoa(binary), name: file.name });
  judgeTrained(`Read ${file.name}.`);
});

// ---- Drawing ---------------------------------------------------------------------------------------------------

function draw() {
  const xMax = Math.max(planned, 2);
  const points = (key) => epochs.filter((epoch) => epoch[key] !== null).map((epoch) => [epoch.epoch, epoch[key]]);
  const marks = epochs.filter((epoch, i) => i && epoch.learning_rate <= epochs[i - 1].learning_rate * 0.5001).map((epoch) => epoch.epoch);
  const losses = epochs.flatMap((epoch) => [epoch.train_loss, epoch.validation_loss]);
  drawPlot(pick('[data-plot="loss"]'), {
    series: [{ name: "train-set", points: points("train_loss") }, { name: "held-out", points: points("validation_loss") }],
    marks, xMax, yMax: losses.length ? Math.min(Math.max(...losses), 4 * median(losses)) || 1 : 1, yText: (y) => y.toFixed(2),
  });
  const worst = Math.min(0.98, ...epochs.slice(epochs.length > 3 ? 1 : 0).flatMap((epoch) => [epoch.train_accuracy, epoch.validation_accuracy]));
  drawPlot(pick('[data-plot="accuracy"]'), {
    series: [{ name: "train-set", points: points("train_accuracy") }, { name: "held-out", points: points("validation_accuracy") }],
    marks, xMax, yMin: Math.floor(worst * 50) / 50, yMax: 1, yText: (y) => share(y, 0),
  });
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function drawJudgement() {
  const counts = trained?.confusion;
  const rows = counts ?? Array.from({ length: 10 }, () => Array(10).fill(null));
  pick(".confusion").innerHTML = `<tr><th></th>${rows.map((_, digit) => `<th>${digit}</th>`).join("")}</tr>`
    + rows.map((row, digit) => `<tr><th>${digit}</th>${row.map((count, predicted) => {
      if (count === null) return "<td></td>";
      const kind = digit === predicted ? "right" : count ? "wrong" : "none";
      return `<td class="${kind}" style="--weight:${Math.min(1, count / 12).toFixed(2)}">${count}</td>`;
    }).join("")}</tr>`).join("");
  pick(".per-class").innerHTML = rows.map((row, digit) => {
    const right = counts ? row[digit] / row.reduce((sum, count) => sum + count, 0) : 0;
    return `<span>${digit}</span><i><b style="transform:scaleX(${counts ? Math.max(0, (right - 0.9) * 10) : 0})"></b></i><span>${counts ? share(right) : "–"}</span>`;
  }).join("");
}

pick(".layers tbody").innerHTML = setup.layers.map(([name, shape, count]) =>
  `<tr><td>${name}</td><td>[1, ${shape.join(", ")}]</td><td>${count.toLocaleString("en-US")}</td></tr>`).join("")
  + `<tr class="total"><td>total</td><td></td><td>${setup.layers.reduce((sum, row) => sum + row[2], 0).toLocaleString("en-US")}</td></tr>`;

watch("value", () => receive(props.value));
showRecipe();
setTrained(null);
pick(".in-use").textContent = "in use: the shipped model";
setState("idle", setup.enabled
  ? "One training at a time on this server; others wait their turn. 5,000 of the training images are held out to choose the best epoch."
  : "Training is switched off on this server. Run the app yourself to train, or upload a model.");
draw();
