/** Charts are drawn one after the other: no frame has two of them to paint. */
import { breath } from "../pace.js";
import { number } from "./format.js";
import { FONT, palette } from "./palette.js";

let turn = prepare().catch(() => {}); // it saves time, and nothing needs it

export function inTurn(draw) {
  const drawn = turn.then(draw);
  turn = drawn.catch(() => {}); // who asked for it says what went wrong
  return drawn;
}

/** What takes long the first time, each in a piece of its own: to write a number, to ask for the colours, to measure a text, to name a month. */
async function prepare() {
  await breath();
  number(0);
  await breath();
  palette();
  await breath();
  const draw = document.createElement("canvas").getContext("2d");
  for (const weight of ["", "bold "]) {
    draw.font = `${weight}12px ${FONT}`;
    draw.measureText("0");
  }
  new Date(0).toLocaleString(document.documentElement.lang, { month: "short" });
}
