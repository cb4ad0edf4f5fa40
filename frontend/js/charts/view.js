/** One mounted chart: readout and range buttons above, the canvas below, keyboard, theme, size, loading and failure. */
import { PriceScaleMode, createChart } from "lightweight-charts";
import { element } from "../dom.js";
import { breath, frame } from "../pace.js";
import { KINDS } from "./kinds.js";
import { moment } from "./format.js";
import { optionsOf, scaleOf } from "./look.js";
import { palette } from "./palette.js";
import { join } from "./sync.js";
import { csvOf, tableOf } from "./table.js";
import { Tools } from "./tools.js";
import { inTurn } from "./turn.js";
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
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.canvas);
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
      await this.draw(data);
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
      await this.draw(await fetchJson(this.node.dataset.src));
    } catch {
      // the next message tries again
    }
  }

  /**
   * Draws `data` in place of what is there, when it is its turn; a newer drawing overtakes it. `keepsRange` leaves the same
   * bars in sight.
   */
  draw(data, keepsRange = false) {
    const mine = (this.drawing = {});
    return inTurn(() => mine === this.drawing && this.build(data, keepsRange, mine));
  }

  /** Builds the chart outside the page, where it costs no layout, a piece at a time; painted, it takes the place of the old one. */
  async build(data, keepsRange, mine) {
    const { time } = data;
    if (!time.length) return this.showState(element("span", {}, t("There are no bars to draw.")));
    const span = time.at(-1) - time[0];
    const intraday = time.length > 1 && span / (time.length - 1) < 0.7 * DAY;
    const mode = scaleOf(this.kind, data);
    const colours = palette();
    this.node.style.setProperty("--panes", data.panes?.length ?? 0);
    const { width, height } = this.canvas.getBoundingClientRect();
    const host = element("div", { class: "chart-host" });
    const chart = createChart(host, optionsOf(this.kind, colours, intraday));
    await breath();
    chart.resize(width, height, true); // while it is empty: to make the canvases takes as long as to paint them
    await breath();
    let drawn;
    try {
      drawn = await KINDS[this.kind](chart, data, colours, this.chart ? breath : frame); // at first, each series is painted in a frame of its own
    } catch (error) {
      chart.remove();
      throw error;
    }
    if (mode) chart.priceScale("right").applyOptions({ mode });
    const range = keepsRange && this.chart?.timeScale().getVisibleLogicalRange();
    if (range) chart.timeScale().setVisibleLogicalRange(range);
    else chart.timeScale().fitContent();
    await frame(); // in which the library paints
    await breath();
    if (mine !== this.drawing) return chart.remove();
    this.chart?.remove();
    Object.assign(this, { data, time, span, intraday, chart, drawn, size: { width, height } });
    this.indexOf = new Map(time.map((at, i) => [at, i]));
    this.chosen = this.indexOf.get(data.chosen); // the bar that the readout rests on; the last one, if undefined
    if (colours !== palette()) this.repaint(); // the theme was changed meanwhile
    this.canvas.replaceChildren(host);
    this.fit(); // its place may have another size by now
    this.keepToItself(); // the others of the group stay where a hand may have put them
    chart.subscribeCrosshairMove((move) => this.onMove(move));
    chart.subscribeClick((click) => this.tellChoice(this.indexOf.get(click.time)));
    chart.timeScale().subscribeVisibleTimeRangeChange((range) => {
      if (range && !this.following) this.group.range(range);
      this.tools.follow();
    });
    this.showRanges();
    this.showScales(mode);
    this.showResting();
    this.tools.drawn();
  }

  /** Gives the chart the size of its place, when that has another and is not hidden. */
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width || !height || (width === this.size?.width && height === this.size.height)) return;
    this.size = { width, height };
    this.chart?.resize(width, height);
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

  repaint() {
    if (!this.chart) return;
    const colours = palette();
    this.chart.applyOptions(optionsOf(this.kind, colours, this.intraday));
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

  /** The two scales to choose from; none where `shown` is null. */
  showScales(shown) {
    this.scales.hidden = shown === null;
    if (this.scales.hidden) return;
    const buttons = [[t("Linear"), PriceScaleMode.Normal], [t("Log"), PriceScaleMode.Logarithmic]].map(([name, mode]) => {
      const button = element("button", { type: "button", "aria-pressed": String(mode === shown) }, name);
      button.addEventListener("click", () => {
        this.chart.priceScale("right").applyOptions({ mode });
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      });
      return button;
    });
    this.scales.replaceChildren(...buttons);
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
    this.resized.disconnect();
    this.drawing = null;
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
