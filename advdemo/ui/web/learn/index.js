// The Learn tab: fills in the measured figures, and opens the Explore tab as a button says.
const root = element.querySelector(".learn");
const figures = JSON.parse(props.figures);
const measured = [figures.standard, figures.robust];

// The first of the two networks that has this figure: both were measured alike.
const shared = (key) => measured.map((figure) => figure?.[key]).find((value) => value != null);
const percent = (share) => (share == null ? "–" : `${(100 * share).toFixed(1)}%`);

if (measured.some(Boolean)) {
  const images = shared("autoattack_images"), epsilon = shared("epsilon");
  const rows = {
    clean: "no attack",
    fgsm: "FGSM",
    pgd: "PGD, 40 steps, 5 random starts",
    autoattack: `AutoAttack${images ? `, ${images.toLocaleString("en-US")} images` : ""}`,
  };
  root.querySelector("caption").textContent = `Test images still read correctly${epsilon ? ` at ε = ${epsilon}` : ""}, measured here`;
  root.querySelector("tbody").innerHTML = Object.entries(rows).map(([key, name]) =>
    `<tr><th scope="row">${name}</th>${measured.map((figure) => `<td>${percent(figure?.[key])}</td>`).join("")}</tr>`).join("");
  root.querySelector("table").hidden = false;
}

root.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-open]");
  if (button) chosen.open(button.dataset.open);
});
