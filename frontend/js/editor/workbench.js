/**
 * The formula's page: text, blocks or both, the chart beside them, the panels below. `[data-workbench]` holds the form and
 * all of these; which view was chosen last is remembered in this browser.
 */
import { BlocksPane } from "./blocks_pane.js";
import { startPanels } from "./panels.js";
import { startPreview } from "./preview.js";

const KEY = "cw-formula-view";
const VIEWS = ["text", "blocks", "both"];

export function startWorkbench(editor) {
  const bench = editor.area.closest("[data-workbench]");
  if (!bench) return;
  const pane = new BlocksPane(bench, editor);
  startPreview(bench, editor, pane);
  startPanels(bench, editor);
  const choose = (view) => {
    bench.dataset.view = view;
    for (const button of bench.querySelectorAll("[data-view-choice]")) button.setAttribute("aria-pressed", String(button.dataset.viewChoice === view));
    pane.setShown(view !== "text");
    editor.view.requestMeasure();
  };
  bench.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-view-choice]");
    if (!button) return;
    remember(button.dataset.viewChoice);
    choose(button.dataset.viewChoice);
  });
  choose(remembered());
}

function remembered() {
  try {
    const view = localStorage.getItem(KEY);
    return VIEWS.includes(view) ? view : "text";
  } catch {
    return "text";
  }
}

function remember(view) {
  try {
    localStorage.setItem(KEY, view);
  } catch {
    // Storage is refused: the choice holds for this page.
  }
}
