/**
 * Why at a bar: a bar chosen on `[data-chart][data-why]` fetches the page's `#why-panel` for it, and the panel that comes,
 * from there or from a link, has its bar marked on the chart and written into the form. `data-why` is the page's address
 * up to the time; where the bar is not drawn yet, `data-src` (whose last parameter is the time as well) is fetched anew.
 */
import { onElements } from "../dom.js";

const PAUSE_MS = 180; // while an arrow key is held, only the bar where it stops is asked for

export function startWhy(mount) {
  onElements("[data-chart][data-why]", (node) => {
    let timer;
    node.addEventListener("chart:choose", ({ detail: { time } }) => {
      clearTimeout(timer);
      mount(node).choose(time);
      timer = setTimeout(() => {
        const url = node.dataset.why + encodeURIComponent(isoTime(time));
        window.htmx.ajax("GET", url, { source: node, target: "#why-panel", select: "#why-panel", swap: "outerHTML" });
        history.replaceState(history.state, "", url);
      }, PAUSE_MS);
    });
  });
  // Another market is asked for its own last signal, not for the time of a bar of this one.
  document.addEventListener("change", ({ target }) => target.matches("#why select") && (target.form.elements.time.value = ""), true);
  onElements("#why-panel[data-time]", (panel) => {
    const node = document.querySelector("[data-chart][data-why]");
    const field = document.querySelector("#why input[name=time]");
    if (field) field.value = panel.dataset.time.slice(0, 16);
    if (!node || mount(node).choose(Date.parse(panel.dataset.time) / 1000) || !mount(node).chart) return;
    node.dataset.src = node.dataset.src.replace(/[^=]*$/, encodeURIComponent(panel.dataset.time));
    mount(node).load();
  });
}

const isoTime = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
