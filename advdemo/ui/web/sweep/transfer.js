// How examples made on one network fare on the others.

import { picker } from "../shared/dom.js";
import { followAbout, networkTitle, ownWeights, serverName } from "../shared/networks.js";
import { short } from "../shared/numbers.js";
import { attempt } from "../shared/turns.js";
import { say, sayError, text } from "../shared/words.js";
import { drawTransfer } from "./tables.js";

/** @typedef {import("../shared/words.js").Phrase} Phrase */
/** @typedef {{attack: string, images: number, epsilon: number}} Choice */
/**
 * @typedef {object} Tab what the panel needs of its tab
 * @property {() => Choice} chosen
 * @property {() => boolean} busy
 * @property {() => AbortSignal} begin
 * @property {(phrase?: Phrase) => void} done
 */

/**
 * @param {Element} panel
 * @param {HTMLSelectElement} networkBox
 * @param {Tab} tab
 */
export function makeTransfer(panel, networkBox, tab) {
  const [table, button, status] = ["table.transfer", ".measure", ".transfer-status"].map(picker(panel));
  /** @type {(Choice & {names: Phrase[], table?: (number | null)[][], over?: boolean}) | null} */
  let measured = null;

  const networks = () => [...networkBox.options].map(({ value }) => value);
  /** @param {Choice} choice */
  const inWords = ({ attack, images, epsilon }) => ({
    attack: { key: `attacks.${attack}` },
    epsilon: short(epsilon),
    images,
  });

  async function measure() {
    const names = networks();
    const choice = tab.chosen();
    const signal = tab.begin();
    const mine = { ...choice, names: names.map(networkTitle), over: false };
    measured = mine;
    say(status, "sweep.measuring", inWords(choice));
    draw();
    /** @param {boolean} withWeights */
    const request = (withWeights) => ({
      ...choice,
      networks: names.map(serverName),
      ...(withWeights ? ownWeights(names) : {}),
    });
    /** @param {import("../shared/server.js").Trouble} trouble */
    const onTrouble = (trouble) => sayError(status, trouble);
    await attempt(
      signal,
      async () => {
        for await (const message of followAbout("transfer", request, { signal, onTrouble })) receive(message);
      },
      (trouble) => {
        mine.over = true;
        tab.done();
        sayError(status, trouble);
        draw();
      },
    );
  }

  /** @param {{ahead?: number, transfer?: {table: (number | null)[][], done: boolean}}} message */
  function receive({ ahead, transfer }) {
    if (ahead) say(status, "sweep.ahead", { count: ahead });
    if (!transfer || !measured) return;
    measured.table = transfer.table;
    measured.over = transfer.done && transfer.table.flat().every((share) => share !== null);
    say(status, measured.over ? "sweep.measured" : "sweep.measuring", inWords(measured));
    if (measured.over) tab.done({ key: "sweep.transfer_done" });
    draw();
  }

  function halt() {
    if (measured && !measured.over) {
      measured.over = true;
      say(status, "sweep.transfer_stopped", inWords(measured));
    }
    draw();
  }

  function draw() {
    table.hidden = !measured?.table;
    if (measured?.table) {
      const names = measured.names.map(({ key, values }) => text(key, values));
      drawTransfer(table, names, measured.table);
    }
    const alone = networks().length < 2;
    button.disabled = alone || tab.busy();
    say(button, "sweep.measure", inWords(tab.chosen()));
    if (!measured) say(status, alone ? "sweep.transfer_alone" : "sweep.quiet");
  }

  button.addEventListener("click", () => {
    if (!tab.busy()) measure();
  });
  return { halt, draw };
}
