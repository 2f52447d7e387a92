// The Explore tab. The server sends one scan a digit: the image, the sign of the gradient (for PGD: 101 images) and
// 101 x 10 probabilities. Moving the slider only looks things up in it: no request, no arithmetic beyond 784 additions.
const find = (name) => element.querySelector(`[data-testid="${name}"]`);
const root = element.querySelector(".explore");
const slider = find("epsilon");
const EPSILONS = Array.from({ length: 101 }, (_, step) => step / 200);
const ATTACKS = { fgsm: "FGSM", pgd: "PGD, 40 steps", noise: "Random ±ε noise" };
const modelBox = find("model"), attackBox = find("attack"), targetBox = find("target"), compareBox = find("compare");

const link = location.hash.slice(1);  // what a shared link opens
let requested = 0;    // number of the newest request
let asked = { index: props.value.index };  // what the newest request asked for

// ---- Asking ----------------------------------------------------------------------------------------------------

// The attacks to show: the one chosen, and the one to compare it with, which differs in its attack or in its network.
function sides() {
  const side = (model, attack) => ({ model, attack, target: attack === "noise" || targetBox.value === "" ? null : Number(targetBox.value) });
  const main = side(modelBox.value, attackBox.value), other = compareBox.value;
  if (!other) return [main];
  return [main, other in ATTACKS ? side(main.model, other) : side(other, main.attack)];
}

function ask(digit, withWeights = false) {
  asked = digit;
  requested += 1;
  const chosenSides = sides();
  root.classList.add("waiting");
  root.querySelector(".working").textContent = chosenSides.some(({ attack }) => attack === "pgd")
    ? "Working: 40 steps at each of 101 ε…" : "Working…";
  trigger("digit", {
    ...digit, number: requested, sides: chosenSides.map((side) => ({ ...side, model: networkName(side.model) })),
    ...(withWeights ? withOwnWeights(chosenSides.map(({ model }) => model)) : {}),
  });
}

attackBox.append(...Object.entries(ATTACKS).map(([name, text]) => new Option(text, name)));
targetBox.append(new Option("any other digit", ""), ...[...Array(10).keys()].map((digit) => new Option(`read as ${digit}`, digit)));
for (const box of [modelBox, attackBox, targetBox, compareBox]) box.addEventListener("change", () => { offer(); ask(asked); });

// What can be chosen beside what is chosen: no comparison with the same, no target for noise or that is the label.
function offer() {
  targetBox.disabled = attackBox.value === "noise";
  const before = compareBox.value;
  const networks = [...modelBox.options].filter(({ value }) => value !== modelBox.value).map(({ value, text }) => new Option(text, value));
  const attacks = Object.keys(ATTACKS).filter((name) => name !== attackBox.value).map((name) => new Option(ATTACKS[name], name));
  compareBox.replaceChildren(new Option("nothing", ""), ...networks, ...attacks);
  compareBox.value = [...compareBox.options].some(({ value }) => value === before) ? before : "";
}

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

// The second picture and curve are copies of the first, without the names that automation looks for.
const pictures = root.querySelector(".pictures"), charts = root.querySelector(".charts");
for (const [box, name] of [[pictures, ".picture"], [charts, ".curve-card"]]) {
  const copy = box.querySelector(name).cloneNode(true);
  copy.classList.add("second");
  for (const part of copy.querySelectorAll("[data-testid]")) delete part.dataset.testid;
  box.append(copy);
}
const marks = root.querySelectorAll(".flip-mark");
const views = [...pictures.children].map((picture, place) =>
  makeSide(picture, charts.querySelectorAll(".curve-card")[place], marks[place], EPSILONS));
const shown = () => views.filter(({ scan }) => scan);

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
  if (value.sides.some(({ taken }) => taken)) {
    showMessage(`The network already reads this digit as ${targetBox.value}, so that is no target: aiming at any other digit.`);
    targetBox.value = "";
  }
  const shared = { image: bytes(value.image, Uint8Array), label: value.label };
  const names = sides().map(({ model, attack }) => `${modelBox.querySelector(`[value="${model}"]`)?.text ?? ""}, ${ATTACKS[attack].split(",")[0]}`);
  root.classList.toggle("comparing", value.sides.length > 1);
  views.forEach((view, place) => {
    if (place < value.sides.length) view.receive({ ...value.sides[place], name: names[place], attack: sides()[place].attack }, shared);
    else { view.scan = null; marks[place].hidden = true; }
  });
  for (const box of [pictures, charts]) box.querySelectorAll(".name").forEach((name, place) => { name.textContent = names[place] ?? ""; });
  board.mark(value.index ?? null);
  const byHand = value.label_source === "chosen";
  labelBox.value = byHand ? value.label : "";
  labelBox.options[0].text = byHand ? "automatic" : `automatic (${value.label})`;
  root.querySelector(".truth-source").textContent =
    { mnist: "as labelled in MNIST", prediction: "LeNet's reading of your drawing: change it if it is wrong", chosen: "chosen by you" }[value.label_source];
  for (const option of targetBox.options) option.disabled = option.value === String(value.label);
  drawFlips();
  tick();
  remember();
}

// ---- Drawing ---------------------------------------------------------------------------------------------------

const drawBars = makeBars(root);

function drawFlips() {
  const [first, second] = shown().map(({ scan }) => scan);
  const heads = pictures.querySelectorAll(".flip");
  for (const [box, scan] of [[find("flip-epsilon"), first], [heads[0], first], [heads[1], second ?? first]]) {
    const { flip, target } = scan;
    box.dataset.epsilon = flip ?? "";
    box.disabled = !flip;
    box.innerHTML = flip === null ? `${target === null ? "No flip" : `Never a ${target}`} up to ε = 0.5`
      : flip === 0 ? "Wrong already at ε = 0"
      : `<i aria-hidden="true">▼</i> ${target === null ? "Flips" : `A ${target}`} at ε = ${flip.toFixed(4)}`;
  }
}

// Everything that depends on epsilon.
function tick() {
  const step = Math.round(slider.value * 200), epsilon = EPSILONS[step];
  for (const view of shown()) view.tick(step);
  const [first, second] = shown().map(({ scan }) => scan);
  const winner = first.winners[step], fooled = winner !== first.label;
  root.querySelector(".result").classList.toggle("fooled", fooled);
  drawBars(first.probabilities.subarray(0, 10), first.probabilities.subarray(step * 10, step * 10 + 10), first.label, winner);
  find("epsilon-value").textContent = epsilon.toFixed(3);
  root.querySelector(".bytes").textContent = `= ${(epsilon * 255).toFixed(1)}/255`;
  const words = outcome(first, step);
  const line = root.querySelector(".outcome"), other = root.querySelector(".other-outcome");
  line.textContent = second ? `${first.name}: ${words}` : words;
  other.textContent = second ? `${second.name}: ${outcome(second, step)}` : "";
  slider.setAttribute("aria-valuetext", `epsilon ${epsilon.toFixed(3)}: ${words}`);
  slider.style.setProperty("--fill", fill(first, epsilon));
  slider.style.setProperty("--thumb", fooled ? "var(--fooled)" : "var(--clean)");
}

function outcome(scan, step) {
  const { label, target, winners } = scan;
  const clean = winners[0], now = winners[step], share = percent(scan.probabilities[step * 10 + now]);
  if (clean !== label) return `Already wrong before the attack: LeNet reads ${clean}, the true label is ${label}.`
    + (step === 0 ? "" : ` ${now === clean ? "Still" : "Now"} ${now}, ${share} sure.`);
  if (scan.zero) return "The gradient is zero: nothing to follow. This is not robustness, the attack is blind here.";
  if (step === 0) return `No perturbation: LeNet reads ${clean}, ${share} sure.`;
  const never = {
    fgsm: "FGSM fools it nowhere up to ε = 0.5: one step along one gradient can miss, a stronger attack may not.",
    pgd: "PGD fools it nowhere up to ε = 0.5.",
    noise: "Noise alone fools it nowhere up to ε = 0.5: direction matters, not size.",
  }[scan.attack];
  if (now === target) return `Now ${now}, ${share} sure: the target is reached.`;
  if (now !== label) return `Now ${now}, ${share} sure: the network is fooled${target === null ? "" : `, though not into reading ${target}`}.`;
  return `Still ${now}, ${share} sure.${scan.flip === null && target === null ? ` ${never}` : ""}`;
}

// The slider's track up to the thumb: blue where the network is right, orange where it is wrong.
function fill(scan, epsilon) {
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
slider.addEventListener("change", remember);
root.querySelector(".play").addEventListener("click", () => playing ? stop() : play());
root.querySelector(".result").addEventListener("click", ({ target }) => {
  const flip = Number(target.closest(".flip")?.dataset.epsilon);
  if (!flip) return;
  stop();
  slider.value = Math.ceil(flip * 200 - 1e-9) / 200;
  tick();
  remember();
  slider.focus();
});
root.querySelector(".ticks").innerHTML = [0, 0.1, 0.2, 0.3, 0.4, 0.5].map(
  (tick) => `<span style="left:${tick * 200}%">${tick.toFixed(1)}</span>`).join("");

// ---- Links -----------------------------------------------------------------------------------------------------

// The address holds what is on screen, so that it can be shared; a drawing or a network of one's own it cannot hold.
function remember() {
  const here = location.pathname + location.search;
  if (asked.index === undefined || modelBox.value === "yours" || compareBox.value === "yours") return history.replaceState(null, "", here);
  const state = { index: asked.index, model: modelBox.value, attack: attackBox.value, target: targetBox.value, compare: compareBox.value, epsilon: slider.value };
  const query = new URLSearchParams(Object.entries(state).filter(([, value]) => value !== ""));
  history.replaceState(null, "", `${here}#${query}`);
}

function open(query) {
  const state = new URLSearchParams(query), wanted = (box, name, otherwise) => {
    const value = state.get(name) ?? otherwise;
    if ([...box.options].some((option) => option.value === value)) box.value = value;
  };
  stop();
  wanted(modelBox, "model", "standard");
  wanted(attackBox, "attack", "fgsm");
  wanted(targetBox, "target", "");
  offer();
  wanted(compareBox, "compare", "");
  if (state.has("epsilon")) slider.value = Number(state.get("epsilon")) || 0;
  showMode("pick");
  const index = Number(state.get("index") ?? props.value.index ?? 0);
  ask({ index: Number.isInteger(index) ? index : 0, label: null });
}
chosen.open = (query) => {
  document.querySelector("#tab-explore-button").click();
  open(query);
};

slider.value = props.start;
offerNetworks(modelBox, props.networks, () => { offer(); ask(asked); });
offer();
watch("value", () => receive(props.value));
receive(props.value);
if (link) open(link);
