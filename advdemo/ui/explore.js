// The Explore tab. The server sends one scan a digit: the image, the sign of the gradient and 101 x 10 probabilities.
// Moving the slider only looks things up in it: no request, no arithmetic beyond 784 additions.
const find = (name) => element.querySelector(`[data-testid="${name}"]`);
const root = element.querySelector(".explore");
const slider = find("epsilon");
const EPSILONS = Array.from({ length: 101 }, (_, step) => step / 200);
const bytes = (text, Type) => new Type(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

let scan = null;      // what is on screen
let requested = 0;    // number of the newest request
let asked = { index: props.value.index };  // what the newest request asked for

// ---- Asking ----------------------------------------------------------------------------------------------------

function ask(digit, withWeights = false) {
  asked = digit;
  requested += 1;
  root.classList.add("waiting");
  trigger("digit", { ...digit, ...aboutModel(withWeights), number: requested });
}

chosen.listeners.add((model) => {
  const chip = document.querySelector("#header .chip");  // another component: it may be mounted later than this one
  chip.dataset.shipped ??= chip.textContent;
  chip.textContent = model ? `your LeNet (${model.name}) · ${percent(model.accuracy)} clean` : chip.dataset.shipped;
  ask(asked);
});

const pad = makePad(root, (drawing) => {
  if (drawing) return ask({ drawing, label: null });
  requested += 1;  // an answer under way is to a drawing that is gone
  root.classList.remove("waiting");
  root.classList.add("stale");
  showMessage("");
});
const board = makeBoard(root, props.board, (index) => ask({ index, label: null }));
find("random").addEventListener("click", () => ask({ index: board.random(), label: null }));

const labelBox = find("true-label");
labelBox.append(new Option("automatic", ""), ...[...Array(10).keys()].map((digit) => new Option(digit, digit)));
labelBox.addEventListener("change", () => ask({ ...asked, label: labelBox.value === "" ? null : Number(labelBox.value) }));

function showMode(mode) {
  root.dataset.mode = mode;
  for (const button of root.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", button.dataset.show === mode);
}
for (const button of root.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    if (button.dataset.show === root.dataset.mode) return;
    showMode(button.dataset.show);
    if (button.dataset.show === "draw") pad.resend();
  });
}

// ---- Receiving -------------------------------------------------------------------------------------------------

function showMessage(text) {
  const box = root.querySelector(".error");
  box.textContent = text;
  box.hidden = !text;
}

function receive(value) {
  if (value.number < requested) return;  // a newer question is under way
  if (value.unknown_model) return ask(asked, true);
  root.classList.remove("waiting", "stale");
  showMessage(value.error ?? "");
  if (value.error) return;
  const probabilities = bytes(value.probabilities, Float32Array);
  const winners = EPSILONS.map((_, step) => largest(probabilities.subarray(step * 10, step * 10 + 10)));
  scan = {
    ...value, probabilities, winners,
    image: bytes(value.image, Uint8Array), sign: bytes(value.sign, Int8Array),
    rivals: rivals(winners, probabilities, value.label),
    fooledSpans: spans(winners, value),
  };
  board.mark(value.index ?? null);
  const byHand = value.label_source === "chosen";
  labelBox.value = byHand ? value.label : "";
  labelBox.options[0].text = byHand ? "automatic" : `automatic (${value.label})`;
  root.querySelector(".truth-source").textContent =
    { mnist: "as labelled in MNIST", prediction: "LeNet's reading of your drawing: change it if it is wrong", chosen: "chosen by you" }[value.label_source];
  paint(find("image-clean"), (i) => scan.image[i]);
  describe(find("prediction-clean"), 0);
  drawFlip();
  curve.draw(scan);
  tick();
}

function largest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

// The classes that win somewhere, in that order; where none does, the one that comes closest.
function rivals(winners, probabilities, label) {
  const found = [...new Set(winners)].filter((winner) => winner !== label);
  if (found.length) return found;
  const peaks = new Float32Array(10);
  probabilities.forEach((share, i) => { if (i % 10 !== label) peaks[i % 10] = Math.max(peaks[i % 10], share); });
  return [largest(peaks)];
}

// The stretches of epsilon where the network is wrong: [[from, to], ...]
function spans(winners, value) {
  const found = [];
  winners.forEach((winner, step) => {
    if (winner === value.label) return;
    const previous = found[found.length - 1];
    if (previous && step > 0 && winners[step - 1] !== value.label) previous[1] = EPSILONS[step];
    else found.push([found.length ? EPSILONS[step] : value.flip ?? EPSILONS[step], EPSILONS[step]]);
  });
  return found;
}

// ---- Drawing ---------------------------------------------------------------------------------------------------

const drawBars = makeBars(root);
const curve = makeCurve(root, EPSILONS);
const UP = [138, 79, 109], DOWN = [30, 122, 116];

function paint(canvas, shade) {
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(28, 28);
  for (let i = 0; i < 784; i++) {
    const color = shade(i);
    for (let channel = 0; channel < 3; channel++) pixels.data[4 * i + channel] = color[channel] ?? color;
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

function describe(box, step) {
  const winner = scan.winners[step], share = scan.probabilities[step * 10 + winner];
  box.textContent = `${winner} · ${percent(share)}`;
  box.dataset.digit = winner;
  box.dataset.confidence = share.toFixed(6);
  box.classList.toggle("fooled", winner !== scan.label);
}

function drawFlip() {
  const flip = scan.flip, box = find("flip-epsilon"), mark = root.querySelector(".flip-mark");
  box.dataset.epsilon = flip ?? "";
  box.disabled = !flip;
  box.innerHTML = flip === null ? "No flip up to ε = 0.5" : flip === 0 ? "Wrong already at ε = 0" : `<i aria-hidden="true">▼</i> Flips at ε = ${flip.toFixed(4)}`;
  mark.hidden = flip === null;
  mark.style.left = `calc(11px + ${flip * 2} * (100% - 22px))`;
}

// Everything that depends on epsilon.
function tick() {
  const step = Math.round(slider.value * 200), epsilon = EPSILONS[step];
  const winner = scan.winners[step], fooled = winner !== scan.label;
  paint(find("image-adversarial"), (i) => Math.round(Math.min(1, Math.max(0, scan.image[i] / 255 + epsilon * scan.sign[i])) * 255));
  const strength = Math.min(1, 0.35 + epsilon * 2.2) * (epsilon > 0);
  paint(find("image-perturbation"), (i) => (scan.sign[i] > 0 ? UP : scan.sign[i] < 0 ? DOWN : [0, 0, 0]).map(
    (channel) => 38 + (channel - 38) * strength * (scan.sign[i] !== 0)));
  describe(find("prediction-adversarial"), step);
  root.querySelector(".adversarial").classList.toggle("fooled", fooled);
  root.querySelector(".result").classList.toggle("fooled", fooled);
  drawBars(scan.probabilities.subarray(0, 10), scan.probabilities.subarray(step * 10, step * 10 + 10), scan.label, winner);
  curve.move(scan, step);
  find("epsilon-value").textContent = epsilon.toFixed(3);
  root.querySelector(".bytes").textContent = `= ${(epsilon * 255).toFixed(1)}/255`;
  const words = outcome(step);
  root.querySelector(".outcome").textContent = words;
  slider.setAttribute("aria-valuetext", `epsilon ${epsilon.toFixed(3)}: ${words}`);
  slider.style.setProperty("--fill", fill(epsilon));
  slider.style.setProperty("--thumb", fooled ? "var(--fooled)" : "var(--clean)");
}

function outcome(step) {
  const clean = scan.winners[0], now = scan.winners[step], share = percent(scan.probabilities[step * 10 + now]);
  if (clean !== scan.label) return `Already wrong before the attack: LeNet reads ${clean}, the true label is ${scan.label}.`
    + (step === 0 ? "" : ` ${now === clean ? "Still" : "Now"} ${now}, ${share} sure.`);
  if (scan.zero) return "The gradient is zero: nothing to follow. This is not robustness, the attack is blind here.";
  if (step === 0) return `No perturbation: LeNet reads ${clean}, ${share} sure.`;
  if (scan.flip === null) return `Still ${now}, ${share} sure. FGSM fools it nowhere up to ε = 0.5: one step along one gradient can miss, a stronger attack may not.`;
  return now === scan.label ? `Still ${now}, ${share} sure.` : `Now ${now}, ${share} sure: the network is fooled.`;
}

// The slider's track up to the thumb: blue where the network is right, orange where it is wrong.
function fill(epsilon) {
  const place = (value) => value === 0 ? "0px" : `calc(11px + ${Math.min(value, epsilon) * 2} * (100% - 22px))`;
  const stops = scan.fooledSpans.filter(([from]) => from <= epsilon).flatMap(([from, to]) =>
    [`var(--clean) ${place(from)}`, `var(--fooled) ${place(from)}`, `var(--fooled) ${place(to)}`, `var(--clean) ${place(to)}`]);
  return `linear-gradient(to right, var(--clean) 0, ${stops.map((stop) => stop + ", ").join("")}var(--clean) ${place(epsilon)}, var(--track) ${place(epsilon)})`;
}

// ---- Moving ----------------------------------------------------------------------------------------------------

let playing = 0;

function stop() {
  cancelAnimationFrame(playing);
  playing = 0;
  drawPlay();
}

function drawPlay() {
  const button = root.querySelector(".play");
  button.setAttribute("aria-pressed", playing !== 0);
  button.querySelector("i").textContent = playing ? "❚❚" : "▶";
  button.querySelector("span").textContent = playing ? "Pause" : "Play";
}

function play() {
  const from = slider.value >= 0.5 ? 0 : Number(slider.value), started = performance.now();
  const frame = (now) => {
    slider.value = Math.min(0.5, from + (now - started) / 10_000);  // 0 to 0.5 in five seconds
    tick();
    if (slider.value >= 0.5) return stop();
    playing = requestAnimationFrame(frame);
  };
  playing = requestAnimationFrame(frame);
  drawPlay();
}

slider.addEventListener("input", () => { stop(); tick(); });
root.querySelector(".play").addEventListener("click", () => playing ? stop() : play());
find("flip-epsilon").addEventListener("click", () => {
  stop();
  slider.value = Math.ceil(scan.flip * 200 - 1e-9) / 200;
  tick();
  slider.focus();
});
root.querySelector(".ticks").innerHTML = [0, 0.1, 0.2, 0.3, 0.4, 0.5].map(
  (tick) => `<span style="left:${tick * 200}%">${tick.toFixed(1)}</span>`).join("");

slider.value = props.start;
watch("value", () => receive(props.value));
receive(props.value);
