/** On paper a picture stands for each chart: as wide as a sheet, in the light colours. A canvas itself would be cut, or dark. */

import { forgetPalette } from "./palette.js";

const WIDTH = 720; // pixels of CSS: a sheet of A4 between its margins

export function startPaper(mounted) {
  window.addEventListener("beforeprint", () => inLight(() => mounted.forEach(picture)));
  window.addEventListener("afterprint", () => {
    for (const old of document.querySelectorAll(".chart-paper")) old.remove();
  });
}

/** What `draw` paints has the colours of the light theme; the page itself has its own again afterwards. */
function inLight(draw) {
  const root = document.documentElement;
  const before = root.style.colorScheme;
  root.style.colorScheme = "light";
  forgetPalette();
  draw();
  root.style.colorScheme = before;
  forgetPalette();
}

function picture(view) {
  const { chart, canvas } = view;
  if (!chart || !canvas.checkVisibility()) return;
  const { width, height } = canvas.getBoundingClientRect();
  view.repaint();
  const inSight = chart.timeScale().getVisibleLogicalRange();
  chart.resize(Math.min(WIDTH, width), height, true);
  chart.timeScale().setVisibleLogicalRange(inSight);
  const paper = view.shot();
  paper.className = "chart-paper";
  canvas.after(paper);
  queueMicrotask(() => {
    view.repaint();
    chart.resize(width, height);
  });
}
