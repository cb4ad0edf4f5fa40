/**
 * The panels below the editor. Explain is part of the page and follows the text; the others are fetched from their own
 * pages by HTMX (each tab is a link that also leads there).
 */
import { element } from "../dom.js";
import { ask } from "./services.js";

export function startPanels(bench, editor) {
  const panels = bench.parentElement.querySelector("[data-bench-panels]");
  if (!panels) return;
  const explain = panels.querySelector("[data-bench-explain]");
  const fetched = panels.querySelector("[data-bench-fetched]");
  const words = explain.querySelector("[data-explanation]");
  let shown = null;
  let asking = null;

  const follow = async (text) => {
    if (!words || explain.hidden || !text || text === shown) return;
    asking?.abort();
    asking = new AbortController();
    try {
      const { explanation } = await ask(editor.base, "explain", { text }, asking.signal);
      shown = text;
      words.replaceChildren(...explanation.split(/\n{2,}/).map((part) => element("p", {}, ...part.split("\n").flatMap((line, i) => (i ? [element("br"), line] : [line])))));
    } catch {
      // what is told stays; the status line says what is wrong with the text
    }
  };

  editor.area.addEventListener("formula:checked", ({ detail }) => detail.ok && follow(detail.text));
  panels.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-bench-tab]");
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const other of panels.querySelectorAll("[data-bench-tab]")) other.removeAttribute("aria-current");
    tab.setAttribute("aria-current", "true");
    const isExplain = tab.dataset.benchTab === "explain";
    explain.hidden = !isExplain;
    fetched.hidden = isExplain;
    if (isExplain) {
      event.preventDefault();
      follow(editor.area.value);
    } else {
      fetched.setAttribute("aria-busy", "true");
    }
  });
  fetched?.addEventListener("htmx:afterSwap", () => fetched.removeAttribute("aria-busy"));
}
