// The board of MNIST digits: one sprite image, cells cut from it by CSS, no request for any of them.
// board: {sprite: data URL, columns, digits: "index:label,..." in sprite order; after the classes, the hardest}
function makeBoard(root, board, onPick) {
  const COLUMNS = 7;
  const cells = board.digits.split(",").map((entry, place) => {
    const [index, label, group] = entry.split(":");
    return { index: Number(index), label: Number(label), group, place };
  });
  const rows = Math.ceil(cells.length / board.columns);
  const grid = root.querySelector(".board");
  const filters = root.querySelector(".filters");
  let picked = null, filtered = "all";

  function show(filter) {
    filtered = filter;
    const shown = filter === "all"
      ? [..."0123456789"].flatMap((digit) => cells.filter((cell) => cell.group === digit).slice(0, COLUMNS))
      : cells.filter((cell) => cell.group === filter);
    grid.replaceChildren(...shown.map((cell) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.index = cell.index;
      button.setAttribute("aria-label", `Test image ${cell.index}, a ${cell.label}`);
      button.style.backgroundImage = `url(${board.sprite})`;
      button.style.backgroundSize = `${board.columns * 100}% ${rows * 100}%`;
      const column = cell.place % board.columns, row = Math.floor(cell.place / board.columns);
      button.style.backgroundPosition = `${100 * column / (board.columns - 1)}% ${100 * row / (rows - 1)}%`;
      return button;
    }));
    for (const button of filters.children) button.setAttribute("aria-pressed", button.dataset.filter === filter);
    mark(picked);
  }

  function mark(index) {
    picked = index;
    for (const button of grid.children) button.setAttribute("aria-pressed", Number(button.dataset.index) === index);
  }

  for (const name of ["all", ..."0123456789", "hardest"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.filter = name;
    button.textContent = { all: "All", hardest: "Hard" }[name] ?? name;
    button.title = { all: "All digits", hardest: "The digits LeNet finds hardest" }[name] ?? `Only ${name}s`;
    filters.append(button);
  }
  filters.addEventListener("click", ({ target }) => target.dataset.filter && show(target.dataset.filter));
  grid.addEventListener("click", ({ target }) => target.dataset.index && onPick(Number(target.dataset.index)));
  show("all");
  // Any test image, or one of those the filter leaves.
  function random() {
    const choice = cells.filter((cell) => cell.group === filtered);
    const place = Math.floor(Math.random() * (choice.length || board.total));
    return choice.length ? choice[place].index : place;
  }
  return { mark, random };
}
