/** One mounted chart: readout and range buttons above, the canvas below, keyboard, theme, size, loading and failure. */
import { ColorType, CrosshairMode, PriceScaleMode, createChart } from "lightweight-charts";
import { element } from "../dom.js";
import { KINDS } from "./kinds.js";
import { compact, moment, number } from "./format.js";
import { palette } from "./palette.js";
import { join } from "./sync.js";
import { csvOf, tableOf } from "./table.js";
import { Tools } from "./tools.js";
import { t } from "../words.js";

const DAY = 86_400;
const RANGES = [[t("1D"), DAY], [t("1W"), 7 * DAY], [t("1M"), 30 * DAY], [t("3M"), 91 * DAY], [t("6M"), 182 * DAY], [t("1Y"), 365 * DAY], [t("5Y"), 5 * 365 * DAY]];

export class ChartView {
  constructor(node) {
    this.node = node;
    this.kind = node.dataset.chart;
    node.classList.add("chart");
    this.label = node.dataset.label || node.getAttribute("aria-label") || t("Chart");
    node.removeAttribute("aria-label");
    this.readoutNode = element("dl", { class: "chart-readout" });
    this.canvas = element("div", { class: "chart-canvas", tabindex: 0, role: "group", "aria-label": t("{label}. Arrow keys move along the bars, plus and minus zoom.", { label: this.label }) });
    this.spoken = element("span", { class: "sr-only", "aria-live": "polite" });
    this.ranges = element("div", { class: "segments chart-ranges", role: "group", "aria-label": t("Range"), hidden: true });
    this.scales = element("div", { class: "segments chart-scale", role: "group", "aria-label": t("Scale"), hidden: true });
    this.tools = new Tools(this, this.canvas);
    const acts = element("div", { class: "chart-acts" }, this.scales, this.ranges, this.tools.node);
    const top = element("div", { class: "chart-top" }, this.readoutNode, acts);
    node.replaceChildren(top, this.canvas, this.spoken);
    this.topRoom = keepRoom(top);
    this.group = join(node.dataset.syncGroup, this);
    this.onPreferences = () => this.repaint();
    document.addEventListener("cw:preferences", this.onPreferences);
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.loaded = this.load();
  }

  /** Fetches data-src (or reads the JSON script named by data-source) and draws it. */
  async load() {
    const { src, source } = this.node.dataset;
    if (!src && !source) return;
    this.showState(element("span", { class: "cw-skeleton" }), element("span", { class: "sr-only" }, t("Loading the chart")));
    try {
      const data = source ? JSON.parse(document.querySelector(source).textContent) : await fetchJson(src);
      this.draw(data);
    } catch (error) {
      const retry = element("button", { class: "btn btn-sm", type: "button" }, t("Try again"));
      retry.addEventListener("click", () => this.load());
      this.showState(element("span", {}, t("The chart could not be loaded: {reason}", { reason: error.message })), retry);
    }
  }

  /** Fetches data-src again without taking away what is drawn; a chart that somebody looks into stays as it is. */
  async renew() {
    if (this.node.matches(":hover, :focus-within")) return;
    try {
      this.draw(await fetchJson(this.node.dataset.src));
    } catch {
      // the next message tries again
    }
  }

  draw(data) {
    this.chart?.remove();
    this.chart = null;
    this.canvas.replaceChildren();
    if (!data.time.length) {
      this.showState(element("span", {}, t("There are no bars to draw.")));
      return;
    }
    this.data = data;
    this.time = data.time;
    this.indexOf = new Map(data.time.map((time, i) => [time, i]));
    this.chosen = this.indexOf.get(data.chosen); // the bar that the readout rests on; the last one, if undefined
    this.span = this.time.at(-1) - this.time[0];
    this.intraday = this.time.length > 1 && this.span / (this.time.length - 1) < 0.7 * DAY;
    this.chart = createChart(this.canvas, { autoSize: true, ...this.options(palette()) });
    this.drawn = KINDS[this.kind](this.chart, data, palette());
    this.node.style.setProperty("--panes", data.panes?.length ?? 0);
    this.chart.timeScale().fitContent();
    this.keepToItself(); // the others of the group stay where a hand may have put them
    this.chart.subscribeCrosshairMove((move) => this.onMove(move));
    this.chart.subscribeClick((click) => this.tellChoice(this.indexOf.get(click.time)));
    this.chart.timeScale().subscribeVisibleTimeRangeChange((range) => {
      if (range && !this.following) this.group.range(range);
      this.tools.follow();
    });
    this.showRanges();
    this.showScales();
    this.showResting();
    this.tools.drawn();
  }

  /** The indexes of the first and the last bar in sight. */
  visible() {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    const within = (index) => Math.min(this.time.length - 1, Math.max(0, index));
    return range ? { from: within(Math.ceil(range.from)), to: within(Math.floor(range.to)) } : { from: 0, to: this.time.length - 1 };
  }

  /** The readout as one line. */
  words() {
    return [...this.readoutNode.children].map((cell) => [...cell.children].map((part) => part.textContent).filter(Boolean).join(" ")).join("   ");
  }

  /** For the tools: the figures in sight, all of them, and the picture. */
  table() {
    return tableOf({ label: this.label, time: this.time, intraday: this.intraday, columns: this.drawn.columns, ...this.visible() });
  }

  csv(simulated) {
    return csvOf({ time: this.time, columns: this.drawn.columns, simulated });
  }

  shot() {
    return this.chart.takeScreenshot();
  }

  options(colours) {
    const phone = matchMedia("(width < 768px)").matches;
    return {
      layout: {
        background: { type: ColorType.Solid, color: colours.surface },
        textColor: colours.muted,
        fontFamily: '"Inter Variable", system-ui, sans-serif',
        fontSize: 12,
        attributionLogo: this.kind === "price",
      },
      grid: { vertLines: { visible: false }, horzLines: { color: colours.line } },
      crosshair: {
        mode: CrosshairMode.Normal,
        vertLine: { color: colours.muted, labelBackgroundColor: colours.text },
        horzLine: { color: colours.muted, labelBackgroundColor: colours.text },
      },
      rightPriceScale: { borderVisible: false, entireTextOnly: true, minimumWidth: phone ? 56 : 76 },
      timeScale: { borderColor: colours.line, timeVisible: this.intraday, secondsVisible: false, rightOffset: 2, minBarSpacing: 0.05, fixLeftEdge: true, fixRightEdge: true, lockVisibleTimeRangeOnResize: true },
      localization: {
        locale: document.documentElement.lang || "en",
        timeFormatter: (time) => moment(time, this.intraday),
        priceFormatter: this.kind === "equity" ? (value) => (Math.abs(value) >= 100_000 ? compact(value, Math.abs(value) >= 1e6 ? 2 : 0) : number(value, 0)) : undefined,
      },
      // The wheel belongs to the page; with Ctrl (or a pinch) it zooms, see onWheel.
      handleScroll: { vertTouchDrag: false, mouseWheel: false },
      handleScale: { mouseWheel: false },
    };
  }

  repaint() {
    if (!this.chart) return;
    const colours = palette();
    this.chart.applyOptions(this.options(colours));
    this.drawn.paint(colours);
  }

  onMove(move) {
    if (this.following) return;
    const index = this.indexOf.get(move.time);
    if (index === undefined) {
      this.showResting();
      this.group.crosshair(null);
    } else {
      this.showReadout(index);
      this.cursor = index;
      this.group.crosshair(move.time);
    }
  }

  /** Called by the group: rides to the last bar at or before `time`; null takes the crosshair away. */
  showCrosshair(time) {
    if (!this.chart) return;
    this.following = true;
    if (time === null) {
      this.chart.clearCrosshairPosition();
      this.showResting();
    } else {
      this.moveTo(lastAtOrBefore(this.time, time));
    }
    this.following = false;
  }

  showRange(range) {
    if (!this.chart) return;
    const whole = range.from <= this.time[0] && range.to >= this.time.at(-1);
    this.pressRange(whole ? this.ranges.lastElementChild : null);
    this.keepToItself();
    this.chart.timeScale().setVisibleRange({ from: Math.max(range.from, this.time[0]), to: Math.max(range.to, this.time[0] + 1) });
  }

  /** The library reports a change of range a frame later; until then it is not ours to pass on. */
  keepToItself() {
    this.following = true;
    requestAnimationFrame(() => requestAnimationFrame(() => (this.following = false)));
  }

  moveTo(index) {
    this.cursor = index;
    const value = this.drawn.values[index];
    if (value !== null && value !== undefined) this.chart.setCrosshairPosition(value, this.time[index], this.drawn.main);
    this.showReadout(index);
  }

  /** A bar was clicked or gone to by the keyboard: `chart:choose` with its time in seconds, for pages that want it. */
  tellChoice(index) {
    if (index !== undefined) this.node.dispatchEvent(new CustomEvent("chart:choose", { detail: { time: this.time[index] } }));
  }

  /** Marks the bar of this time as the chosen one; false where it is not drawn. */
  choose(time) {
    const index = this.indexOf?.get(time);
    if (!this.chart || index === undefined) return false;
    this.drawn.choose?.(time);
    this.chosen = this.cursor = index;
    this.keepInView();
    this.showReadout(index);
    return true;
  }

  showResting() {
    this.showReadout(this.chosen ?? this.time.length - 1);
  }

  showReadout(index) {
    const row = [{ label: "", text: moment(this.time[index], this.intraday) }, ...this.drawn.readout(index)];
    this.readoutNode.replaceChildren(
      ...row.map(({ label, text, sign, colour, dash }) => {
        const cell = element("div");
        const name = element("dt", {}, label);
        if (colour) {
          const swatch = element("span", { class: "swatch", "data-dash": dash });
          swatch.style.setProperty("--swatch", colour);
          name.prepend(swatch);
        }
        if (label || colour) cell.append(name);
        cell.append(element("dd", { class: sign > 0 ? "is-up" : sign < 0 ? "is-down" : null }, text));
        return cell;
      }),
    );
  }

  showRanges() {
    const fitting = RANGES.filter(([, seconds]) => seconds < this.span * 0.8 && seconds > this.span / 400);
    const buttons = [...fitting, [t("All"), 0]].map(([name, seconds]) => {
      const button = element("button", { type: "button", "aria-pressed": String(!seconds) }, name);
      button.addEventListener("click", () => {
        const scale = this.chart.timeScale();
        if (seconds) scale.setVisibleRange({ from: this.time.at(-1) - seconds, to: this.time.at(-1) });
        else scale.fitContent();
        this.pressRange(button);
      });
      return button;
    });
    this.ranges.replaceChildren(...buttons);
    this.ranges.hidden = fitting.length === 0 || this.kind === "drawdown";
  }

  /** Curves that grow apart are read on a logarithmic scale, prices may be; where one reaches zero there is none. */
  showScales() {
    const all = { equity: () => Object.values(this.data.series).flat(), price: () => this.data.low }[this.kind]?.() ?? [];
    const values = all.filter((value) => value !== null);
    const low = values.reduce((least, value) => Math.min(least, value), Infinity);
    const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
    this.scales.hidden = !(low > 0 && values.length);
    if (this.scales.hidden) return;
    const buttons = [[t("Linear"), PriceScaleMode.Normal], [t("Log"), PriceScaleMode.Logarithmic]].map(([name, mode]) => {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => choose(button, mode));
      return button;
    });
    const choose = (chosen, mode) => {
      this.chart.priceScale("right").applyOptions({ mode });
      for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
    };
    this.scales.replaceChildren(...buttons);
    if (this.kind === "equity" && high > 4 * low) choose(buttons[1], PriceScaleMode.Logarithmic);
    else choose(buttons[0], PriceScaleMode.Normal);
  }

  /** Marks the range button that was chosen; none once a range came from a hand or from another chart. */
  pressRange(chosen) {
    for (const button of this.ranges.children) button.setAttribute("aria-pressed", String(button === chosen));
  }

  onWheel(event) {
    if (!this.chart || !event.ctrlKey) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15);
    this.pressRange(null);
  }

  onKey(event) {
    if (!this.chart || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.time.length - 1;
    const step = event.shiftKey ? 10 : 1;
    const from = this.cursor ?? last;
    const target = { ArrowLeft: from - step, ArrowRight: from + step, Home: 0, End: last }[event.key];
    if (target !== undefined) {
      this.moveTo(Math.min(last, Math.max(0, target)));
      this.keepInView();
      this.group.crosshair(this.time[this.cursor]);
      this.spoken.textContent = this.words();
      this.tellChoice(this.cursor);
    } else if (event.key === "+" || event.key === "=" || event.key === "-") {
      this.zoom(event.key === "-" ? 1.4 : 1 / 1.4);
    } else if (event.key === "Escape") {
      this.chart.clearCrosshairPosition();
      this.group.crosshair(null);
    } else {
      return;
    }
    event.preventDefault();
  }

  keepInView() {
    const scale = this.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    const width = range.to - range.from;
    if (this.cursor < range.from) scale.setVisibleLogicalRange({ from: this.cursor - width * 0.1, to: this.cursor + width * 0.9 });
    else if (this.cursor > range.to) scale.setVisibleLogicalRange({ from: this.cursor - width * 0.9, to: this.cursor + width * 0.1 });
  }

  zoom(factor) {
    const scale = this.chart.timeScale();
    const { from, to } = scale.getVisibleLogicalRange();
    const centre = this.cursor ?? (from + to) / 2;
    scale.setVisibleLogicalRange({ from: centre - (centre - from) * factor, to: centre + (to - centre) * factor });
  }

  showState(...content) {
    this.chart?.remove();
    this.chart = null;
    this.canvas.replaceChildren(element("div", { class: "chart-state" }, ...content));
  }

  destroy() {
    document.removeEventListener("cw:preferences", this.onPreferences);
    this.group.leave();
    this.topRoom.disconnect();
    this.chart?.remove();
    this.chart = null;
  }
}

/** What a readout once needed it keeps: the curve does not change its size under a hand that moves along it. */
function keepRoom(top) {
  let width = 0;
  let least = 0;
  const observer = new ResizeObserver(() => {
    if (top.offsetWidth !== width) {
      width = top.offsetWidth;
      least = 0;
      top.style.minHeight = "";
    }
    if (top.offsetHeight <= least) return;
    least = top.offsetHeight;
    top.style.minHeight = `${least}px`;
  });
  observer.observe(top);
  return observer;
}

function lastAtOrBefore(times, time) {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (times[middle] <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

async function fetchJson(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => {
    throw new Error(t("the server cannot be reached."));
  });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail || t("the server answered {status}.", { status: response.status }));
}
