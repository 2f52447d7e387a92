// The model this visitor uses, shared by all tabs: null is the shipped one, else {hash, weights, name, accuracy}.
// The weights (base64) stay here; questions carry the hash, and the weights only when the server does not know it.
const chosen = (window.advdemoChosen ??= { model: null, listeners: new Set() });

function aboutModel(withWeights = false) {
  if (!chosen.model) return {};
  const { hash, weights } = chosen.model;
  return withWeights ? { model: hash, weights } : { model: hash };
}

function choose(model) {
  chosen.model = model;
  chosen.listeners.forEach((listener) => listener(model));
}
