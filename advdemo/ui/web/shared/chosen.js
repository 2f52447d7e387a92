// What all tabs share. `model` is a network of this visitor's own: null, or {hash, weights, name, accuracy}. The weights
// (base64) stay here; questions carry the hash, and the weights only when the server does not know it.
const chosen = (window.advdemoChosen ??= { model: null, listeners: new Set() });

function choose(model) {
  chosen.model = model;
  chosen.listeners.forEach((listener) => listener(model));
}

// While others are before this visitor in the line.
const waiting = (ahead, work) => `One ${work} at a time on this server: ${ahead === 1 ? "one is" : `${ahead} are`} before yours…`;

// What a question says of networks, each "standard", "robust" or "yours".
const networkName = (name) => (name === "yours" ? chosen.model.hash : name);
const withOwnWeights = (names) => (names.includes("yours") ? { weights: chosen.model.weights } : {});

// Keeps "your LeNet" in a <select> of networks while there is one, and picks it as it comes.
function offerNetworks(select, names, onChange) {
  select.append(...names.map((name) => new Option(`${name[0].toUpperCase()}${name.slice(1)} LeNet`, name)));
  const own = new Option("", "yours");
  const follow = (model) => {
    if (!model && select.value === "yours") select.value = "standard";
    own.remove();
    if (model) {
      own.textContent = `Your LeNet (${model.name})`;
      select.append(own);
      select.value = "yours";
    }
    onChange();
  };
  chosen.listeners.add(follow);
  if (chosen.model) follow(chosen.model);
}
