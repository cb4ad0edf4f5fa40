/**
 * Charts: every `<div data-chart="price|equity|drawdown" data-src="URL">` mounts itself, also when HTMX brings it later.
 * docs/design-system.md describes the attributes and the JSON. `cwCharts` is for pages that feed a chart themselves.
 */
import { onElements } from "../dom.js";
import { idle } from "../pace.js";
import { startHeatMaps } from "./heatmap.js";
import { startPaper } from "./paper.js";
import { startParallel } from "./parallel.js";
import { ChartView } from "./view.js";
import { startWhy } from "./why.js";

const views = new WeakMap();
const mounted = new Set();

function mount(node) {
  if (!views.has(node)) {
    const view = new ChartView(node);
    views.set(node, view);
    mounted.add(view);
  }
  return views.get(node);
}

const RENEW_EVERY_MS = 2_000;

/** `data-chart-follows="bars"`: drawn anew after that message (or any of several) of the live region around it, at most every two seconds. */
function followRegion(node) {
  const region = node.closest("[data-live]");
  let timer = null;
  const renew = () => {
    timer ??= setTimeout(() => {
      timer = null;
      if (node.isConnected && !document.hidden) mount(node).renew();
    }, RENEW_EVERY_MS);
  };
  for (const kind of [...node.dataset.chartFollows.split(" "), "resync"]) region?.addEventListener(`live:${kind}`, renew);
}

window.cwCharts = {
  mount,
  /** Draws `data` (the JSON of the element's kind) in place of what is there; as promised, it is drawn. */
  set: (node, data, keepsRange) => mount(node).draw(data, keepsRange),
  /** Fetches the element's data-src again. */
  refresh: (node) => mount(node).load(),
};

// What is in sight is drawn at once. The rest waits its turn: one chart after the other, each when the browser has nothing
// else to do, so that no two are drawn in one breath.
let turn = Promise.resolve();
const queued = new WeakSet();

const inSight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      inSight.unobserve(target);
      mount(target);
    } else if (!queued.has(target)) {
      queued.add(target);
      turn = turn.then(idle).then(() => target.isConnected && mount(target).loaded);
    }
  }
});

onElements("[data-chart]", (node) => inSight.observe(node));
onElements("[data-chart-follows]", followRegion);
startWhy(mount);
startHeatMaps();
startParallel();
startPaper(mounted);
document.addEventListener("htmx:afterSettle", () => {
  for (const view of mounted) {
    if (view.node.isConnected) continue;
    view.destroy();
    mounted.delete(view);
  }
});
