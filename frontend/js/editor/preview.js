/**
 * The chart beside the editor: what the text plots and signals on bars of a market, drawn anew while one types. A bar that
 * is clicked tells why, beside the chart and in the blocks.
 *
 * One request at a time: a newer text breaks off the one before. The bars are fetched once for each market and range.
 */
import { element, icon } from "../dom.js";
import { figure } from "../figures.js";
import { n, t } from "../words.js";
import { ask } from "./services.js";

const PAUSE_MS = 220;
const KEY = "cw-formula-preview";

export function startPreview(bench, editor, pane) {
  const box = bench.querySelector("[data-preview]");
  const chart = box?.querySelector("[data-chart]");
  if (chart) new Preview(box, chart, editor, pane);
}

class Preview {
  constructor(box, chart, editor, pane) {
    Object.assign(this, { box, chart, editor, pane });
    this.market = box.querySelector("[name=preview_market]");
    this.points = box.querySelector("[name=preview_points]");
    this.end = box.querySelector("[name=preview_end]");
    this.status = box.querySelector("[data-preview-status]");
    this.bars = null; // the columns that are drawn, of `this.barsOf`
    this.chosen = null; // the bar asked about: seconds since 1970 UTC
    this.recall();
    editor.area.addEventListener("input", () => this.later());
    editor.area.addEventListener("formula:blocks", () => this.paint());
    for (const field of [this.market, this.points, this.end]) field.addEventListener("change", () => this.change());
    chart.addEventListener("chart:choose", ({ detail }) => this.ask(detail.time));
    box.addEventListener("click", ({ target }) => this.press(target));
    box.addEventListener("htmx:afterSettle", () => this.answered());
    this.draw();
  }

  later(pause = PAUSE_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), pause);
  }

  change() {
    this.close();
    try {
      localStorage.setItem(KEY, JSON.stringify({ market: this.market.value, points: this.points.value }));
    } catch {
      // Storage is refused: the choice holds for this page.
    }
    this.draw();
  }

  recall() {
    try {
      const { market, points } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      if ([...this.market.options].some((option) => option.value === market)) this.market.value = market;
      if ([...this.points.options].some((option) => option.value === points)) this.points.value = points;
    } catch {
      // the first market stays
    }
  }

  async draw() {
    this.request?.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    const text = this.editor.area.value;
    const barsOf = [this.market.value, this.points.value, this.end.value].join("|");
    const body = { text, bar_set: this.market.value, points: Number(this.points.value), with_bars: this.barsOf !== barsOf };
    if (this.end.value) body.end = `${this.end.value}T23:59:59Z`;
    this.box.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(this.editor.base, "preview", body, signal);
      if (answer.time) this.bars = answer;
      else if (answer.first !== this.bars.first || answer.last !== this.bars.last) {
        this.barsOf = null; // newer bars have come since
        return this.draw();
      }
      const isSame = this.barsOf === barsOf;
      this.drawn = text;
      await this.show(answer, isSame);
      if (signal.aborted) return;
      this.barsOf = barsOf;
      this.tell(answer);
      if (this.chosen) this.ask(this.chosen);
    } catch (error) {
      if (signal.aborted) return;
      this.failed(text, error);
    }
    if (this.request.signal === signal) this.box.removeAttribute("aria-busy");
  }

  /** The range that is looked at stays where the bars are the same. */
  show(answer, isSame) {
    return window.cwCharts.set(this.chart, { ...this.bars, plots: answer.plots, panes: answer.panes, markers: answer.markers, chosen: this.chosen }, isSame);
  }

  tell({ signals, count, milliseconds, evaluated }) {
    this.box.removeAttribute("data-old");
    this.status.replaceChildren(
      element("span", {}, n("{count} signal on {bars} bars", "{count} signals on {bars} bars", signals, { bars: figure(count) })),
      element("span", { class: "text-faint", title: t("Read {count} bars", { count: figure(evaluated) }) }, t("{count} ms", { count: figure(Math.round(milliseconds)) })),
    );
  }

  failed(text, error) {
    const hasErrors = Boolean(error.problem?.formula_errors);
    this.box.toggleAttribute("data-old", Boolean(this.drawn));
    const blank = !text.trim();
    let words = error.message;
    if (blank) words = t("Write a formula to see it on the chart.");
    else if (hasErrors) words = this.drawn ? t("The chart shows the last text without errors.") : t("The chart is drawn once the text has no errors.");
    this.status.replaceChildren(element("span", {}, icon(hasErrors || blank ? "info" : "circle-alert"), words));
  }

  /** Why the text said what it said on a bar. */
  ask(time) {
    this.chosen = time;
    window.cwCharts.mount(this.chart).choose(time);
    clearTimeout(this.whyTimer);
    this.whyTimer = setTimeout(() => {
      const values = { text: this.drawn ?? this.editor.area.value, bar_set: this.market.value, time: new Date(time * 1000).toISOString() };
      window.htmx.ajax("POST", this.box.dataset.why, { source: this.box, values, target: "#why-here", swap: "outerHTML" });
    }, 120);
  }

  answered() {
    const panel = this.box.querySelector("#why-here");
    this.values = JSON.parse(this.box.querySelector("#why-values")?.textContent ?? "null");
    if (panel?.dataset.time) {
      this.chosen = Date.parse(panel.dataset.time) / 1000;
      if (this.bars) window.cwCharts.mount(this.chart).choose(this.chosen);
    }
    this.paint();
  }

  paint() {
    this.pane.paint(this.values);
  }

  press(target) {
    const to = target.closest("[data-why-to]");
    if (to) this.ask(Date.parse(to.dataset.whyTo) / 1000);
    if (target.closest("[data-why-close]")) this.close();
  }

  close() {
    this.chosen = null;
    this.values = null;
    this.box.querySelector("#why-here")?.replaceChildren();
    if (this.bars) window.cwCharts.mount(this.chart).drawn?.choose?.(null);
    this.paint();
  }
}
