// One attack on one network: its three images, its flip point and its curve, in a picture and a card of their own.
const UP = [138, 79, 109], DOWN = [30, 122, 116];

function makeSide(picture, card, mark, epsilons) {
  const [clean, perturbation, adversarial] = picture.querySelectorAll("figure");
  const curve = makeCurve(card, epsilons);
  const side = { scan: null, receive, tick };

  // reply: {attack, name, target, flip, zero, sign or frames, probabilities}; shared: {image, label}
  function receive(reply, shared) {
    const probabilities = bytes(reply.probabilities, Float32Array);
    const winners = epsilons.map((_, step) => largest(probabilities.subarray(step * 10, step * 10 + 10)));
    side.scan = {
      ...reply, ...shared, probabilities, winners,
      sign: reply.sign && bytes(reply.sign, Int8Array), frames: reply.frames && bytes(reply.frames, Uint8Array),
      rivals: rivals(winners, probabilities, shared.label),
      fooledSpans: spans(epsilons, winners, shared.label, reply.target === null ? reply.flip : null),
    };
    picture.querySelector(".formula").textContent = { fgsm: "ε · sign(∇)", pgd: "40 steps", noise: "ε · random ±1" }[reply.attack];
    paint(clean, (i) => shared.image[i]);
    describe(clean, 0);
    mark.hidden = reply.flip === null;
    mark.style.left = `calc(11px + ${reply.flip * 2} * (100% - 22px))`;
    curve.draw(side.scan);
  }

  function tick(step) {
    const { image, sign, frames, winners, label } = side.scan, epsilon = epsilons[step];
    paint(adversarial, frames ? (i) => frames[step * 784 + i]
      : (i) => Math.round(Math.min(1, Math.max(0, image[i] / 255 + epsilon * sign[i])) * 255));
    const strength = Math.min(1, 0.35 + epsilon * 2.2) * (epsilon > 0);
    const moved = frames ? (i) => (frames[step * 784 + i] - image[i]) / (255 * epsilon || 1) : (i) => sign[i];
    paint(perturbation, (i) => {
      const amount = moved(i), weight = Math.min(1, Math.abs(amount)) * strength;
      return (amount > 0 ? UP : DOWN).map((channel) => 38 + (channel - 38) * weight);
    });
    describe(adversarial, step);
    adversarial.classList.toggle("fooled", winners[step] !== label);
    curve.move(side.scan, step);
  }

  function describe(figure, step) {
    const { winners, probabilities, label } = side.scan, box = figure.querySelector(".verdict");
    const winner = winners[step], share = probabilities[step * 10 + winner];
    box.textContent = `${winner} · ${percent(share)}`;
    box.dataset.digit = winner;
    box.dataset.confidence = share.toFixed(6);
    box.classList.toggle("fooled", winner !== label);
  }
  return side;
}

const bytes = (text, Type) => new Type(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

function paint(figure, shade) {
  const context = figure.querySelector("canvas").getContext("2d");
  const pixels = context.createImageData(28, 28);
  for (let i = 0; i < 784; i++) {
    const color = shade(i);
    for (let channel = 0; channel < 3; channel++) pixels.data[4 * i + channel] = color[channel] ?? color;
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
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

// The stretches of epsilon where the network is wrong: [[from, to], ...]; the first from its exact flip, where known.
function spans(epsilons, winners, label, flip) {
  const found = [];
  winners.forEach((winner, step) => {
    if (winner === label) return;
    const previous = found[found.length - 1];
    if (previous && step > 0 && winners[step - 1] !== label) previous[1] = epsilons[step];
    else found.push([found.length ? epsilons[step] : flip ?? epsilons[step], epsilons[step]]);
  });
  return found;
}
