/**
 * Heat maps: `<div data-heat data-src data-controls="#form" data-open="#form" data-label [data-metric]>`.
 *
 * The form's fields are the query (x, y, metric, rest, fix_NAME); data-metric overrides the metric. A canvas paints the
 * fields; arrow keys move over them, Enter opens the cell as a backtest; the tools show the same values as table, file, picture.
 */
import { element, onElements } from "../dom.js";
import { inputText, metricText, openCell } from "./metrics.js";
import { mix, palette } from "./palette.js";
import { bodyCell, csvText, headCell, tableNode } from "./table.js";
import { Tools } from "./tools.js";
import { n, t } from "../words.js";

const LEAST_FIELD = 14;
const MOST_FIELD = 44;
const LEFT = 52;
const BOTTOM = 38;
const TOP = 6;

export class HeatMap {
  constructor(node) {
    this.node = node;
    this.controls = document.querySelector(node.dataset.controls);
    this.title = element("h3", { class: "heat-title", hidden: true });
    this.readout = element("p", { class: "heat-readout" });
    this.canvas = element("canvas", { tabindex: 0, role: "application" });
    this.scroll = element("div", { class: "heat-scroll" }, this.canvas);
    this.legend = element("div", { class: "heat-legend", "aria-hidden": "true" });
    this.spoken = element("span", { class: "sr-only", "aria-live": "polite" });
    this.tools = new Tools(this, this.scroll);
    node.replaceChildren(element("div", { class: "heat-top" }, this.title, this.tools.node), this.readout, this.scroll, this.legend, this.spoken);
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.rest());
    this.canvas.addEventListener("click", (event) => this.click(event));
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("focus", () => this.at ?? this.moveTo(this.markedAt() ?? [0, 0]));
    this.canvas.addEventListener("blur", () => this.rest());
    this.controls.addEventListener("change", () => this.load());
    document.addEventListener("cw:preferences", () => this.paint());
    new ResizeObserver(() => this.paint()).observe(this.scroll);
    this.load();
  }

  query() {
    const form = new FormData(this.controls);
    if (this.node.dataset.metric) form.set("metric", this.node.dataset.metric);
    form.set("lang", document.documentElement.lang); // the browser keeps answers, whose labels are in a language
    return new URLSearchParams([...form].filter(([, value]) => value !== ""));
  }

  async load() {
    showFixes(this.controls);
    const asked = (this.asked = {});
    this.node.dataset.state = "loading";
    try {
      const response = await fetch(`${this.node.dataset.src}?${this.query()}`, { headers: { Accept: "application/json" } });
      const data = await response.json();
      if (asked !== this.asked) return;
      if (!response.ok) throw new Error(data.detail);
      this.draw(data);
      delete this.node.dataset.state;
    } catch (error) {
      if (asked !== this.asked) return;
      this.node.dataset.state = "failed";
      this.readout.textContent = t("The map could not be loaded: {reason}", { reason: error.message });
    }
  }

  draw(data) {
    this.data = data;
    this.at = null;
    const known = data.values.flat().filter((value) => value !== null);
    this.low = Math.min(...known);
    this.high = Math.max(...known);
    this.empty = known.length === 0;
    this.title.textContent = data.metric_label;
    this.title.hidden = false;
    const names = { label: this.node.dataset.label, across: data.x.name, down: data.y.name };
    const told = data.y.name
      ? t("{label}. {across} across, {down} down. Arrow keys move over the fields, Enter opens the cell as a backtest.", names)
      : t("{label}. {across} across. Arrow keys move over the fields, Enter opens the cell as a backtest.", names);
    this.canvas.setAttribute("aria-label", told);
    this.showLegend();
    this.paint();
    this.rest();
    this.tools.drawn();
  }

  /** 0 at the worst value, 1 at the best; where values lie on both sides of zero, zero is the middle. */
  share(value) {
    const [low, high] = this.bounds();
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return this.data.lower_is_better ? 1 - share : share;
  }

  bounds() {
    if (this.isDiverging()) {
      const far = Math.max(-this.low, this.high);
      return [-far, far];
    }
    return [this.low, this.high];
  }

  isDiverging() {
    return this.low < 0 && this.high > 0;
  }

  colour(value, colours) {
    const share = this.share(value);
    if (this.isDiverging()) {
      const towards = share < 0.5 ? colours.down : colours.up;
      // squared, so that the highest are told apart: most fields of a sweep lie far from zero on one side
      return mix(towards, colours.surface, 0.06 + 0.9 * (2 * share - 1) ** 2);
    }
    return mix(colours.series[0], colours.surface, 0.06 + 0.9 * share);
  }

  paint() {
    const { data } = this;
    if (!data) return;
    const columns = data.x.values.length;
    const rows = data.y.values.length;
    const room = this.scroll.clientWidth - LEFT - 2;
    const size = (this.size = Math.max(LEAST_FIELD, Math.min(MOST_FIELD, Math.floor(room / columns))));
    const height = (this.rowHeight = Math.min(size, 34));
    const width = LEFT + columns * size + 2;
    const tall = TOP + rows * height + BOTTOM;
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: tall * ratio });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${tall}px` });
    const draw = this.canvas.getContext("2d");
    draw.scale(ratio, ratio);
    const colours = palette();
    draw.font = '12px "Inter Variable", system-ui, sans-serif';
    data.values.forEach((row, r) =>
      row.forEach((value, c) => {
        const [x, y] = [LEFT + c * size, TOP + r * height];
        if (value === null) {
          draw.strokeStyle = colours.line;
          draw.strokeRect(x + size / 2 - 2, y + height / 2, 4, 0.5);
          return;
        }
        draw.fillStyle = this.colour(value, colours);
        draw.fillRect(x, y, size - 1, height - 1);
      }),
    );
    this.axes(draw, colours, columns, rows);
    const marked = this.markedAt();
    if (marked) this.frame(draw, marked, colours.text, 2, data.supported ? [] : [3, 2]);
    if (this.at) this.frame(draw, this.at, colours.focus, 2, []);
  }

  axes(draw, colours, columns, rows) {
    const { data, size, rowHeight } = this;
    draw.fillStyle = colours.muted;
    draw.textBaseline = "middle";
    draw.textAlign = "right";
    const everyRow = Math.ceil(15 / rowHeight);
    if (data.y.name) data.y.values.forEach((value, r) => r % everyRow === 0 && draw.fillText(short(value), LEFT - 7, TOP + (r + 0.5) * rowHeight));
    draw.textAlign = "center";
    const widest = Math.max(...data.x.values.map((value) => draw.measureText(short(value)).width)) + 8;
    const everyColumn = Math.ceil(widest / size);
    data.x.values.forEach((value, c) => c % everyColumn === 0 && draw.fillText(short(value), LEFT + (c + 0.5) * size, TOP + rows * rowHeight + 11));
    draw.fillStyle = colours.text;
    draw.textAlign = "left";
    draw.fillText(`${data.x.name} →${data.y.name ? `   ${data.y.name} ↓` : ""}`, LEFT, TOP + rows * rowHeight + 29);
  }

  frame(draw, [r, c], colour, width, dash) {
    draw.save();
    draw.strokeStyle = colour;
    draw.lineWidth = width;
    draw.setLineDash(dash);
    draw.strokeRect(LEFT + c * this.size, TOP + r * this.rowHeight, this.size - 1, this.rowHeight - 1);
    draw.restore();
  }

  /** From the worst to the best: their values in words, nine colours between. */
  legendSteps(colours) {
    const [low, high] = this.bounds();
    const [first, last] = this.data.lower_is_better ? [high, low] : [low, high];
    const steps = Array.from({ length: 9 }, (_, i) => this.colour(first + ((last - first) * i) / 8, colours));
    return { first: metricText(this.data.metric, first), last: metricText(this.data.metric, last), steps };
  }

  showLegend() {
    const { first, last, steps } = this.legendSteps(palette());
    const line = element("span", { class: "heat-steps" });
    for (const colour of steps) {
      const step = element("span");
      step.style.background = colour;
      line.append(step);
    }
    this.legend.replaceChildren(...(this.empty ? [] : [first, line, last]));
  }

  markedAt() {
    const { marked, cells } = this.data;
    for (let r = 0; r < cells.length; r++) {
      const c = marked === null ? -1 : cells[r].indexOf(marked);
      if (c >= 0) return [r, c];
    }
    return null;
  }

  wordsAt([r, c]) {
    const { data } = this;
    const place = `${data.x.name} ${inputText(data.x.values[c])}${data.y.name ? `, ${data.y.name} ${inputText(data.y.values[r])}` : ""}`;
    const value = data.values[r][c];
    if (value === null) return t("{place}: not run, or without a value", { place });
    const told = metricText(data.metric, value);
    const tried = data.tried[r][c];
    return tried > 1 ? n("{place}: {value} of {count} cell", "{place}: {value} of {count} cells", tried, { place, value: told }) : `${place}: ${told}`;
  }

  rest() {
    this.at = null;
    if (!this.data) return;
    const marked = this.markedAt();
    this.readout.textContent = marked ? `${this.data.marked_as}: ${this.wordsAt(marked)}` : t("{name}: not on this map", { name: this.data.marked_as });
    this.paint();
  }

  fieldAt(event) {
    const c = Math.floor((event.offsetX - LEFT) / this.size);
    const r = Math.floor((event.offsetY - TOP) / this.rowHeight);
    return this.data && c >= 0 && r >= 0 && c < this.data.x.values.length && r < this.data.y.values.length ? [r, c] : null;
  }

  point(event) {
    const field = this.fieldAt(event);
    this.canvas.style.cursor = field && this.data.cells[field[0]][field[1]] !== null ? "pointer" : "";
    if (field) this.moveTo(field);
    else this.rest();
  }

  moveTo(field) {
    if (!this.data || (this.at && this.at[0] === field[0] && this.at[1] === field[1])) return;
    this.at = field;
    this.readout.textContent = this.wordsAt(field);
    this.paint();
  }

  click(event) {
    const field = this.fieldAt(event);
    if (field) this.open(field);
  }

  open([r, c]) {
    const cell = this.data.cells[r][c];
    if (cell !== null) openCell(this.node.dataset.open, cell);
  }

  onKey(event) {
    if (!this.data || event.ctrlKey || event.metaKey || event.altKey) return;
    const [r, c] = this.at ?? [0, 0];
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) {
      const within = (value, most) => Math.min(most - 1, Math.max(0, value));
      this.moveTo([within(r + step[0], this.data.y.values.length), within(c + step[1], this.data.x.values.length)]);
      this.spoken.textContent = this.readout.textContent;
    } else if (event.key === "Enter" && this.at) this.open(this.at);
    else return;
    event.preventDefault();
  }

  get label() {
    return this.data.metric_label;
  }

  words() {
    return this.readout.textContent;
  }

  /** For the tools: the fields as a table, as a file, and the picture with its legend. */
  table() {
    const { data } = this;
    const head = [headCell(data.y.name || "", true), ...data.x.values.map((value) => headCell(`${data.x.name} ${inputText(value)}`))];
    const rows = data.values.map((row, r) => [
      element("th", { scope: "row" }, data.y.name ? inputText(data.y.values[r]) : data.metric_label),
      ...row.map((value) => bodyCell(value, metricText(data.metric, value))),
    ]);
    return tableNode({ label: this.label, words: this.words(), head, rows });
  }

  csv(simulated) {
    const { data } = this;
    const heads = [data.x.name, ...(data.y.name ? [data.y.name] : []), simulated ? `${data.metric} (simulated)` : data.metric, "cell"];
    const lines = data.values.flatMap((row, r) => row.map((value, c) => [data.x.values[c], ...(data.y.name ? [data.y.values[r]] : []), value, data.cells[r][c]]));
    return csvText(heads, lines);
  }

  shot() {
    const ratio = devicePixelRatio || 1;
    const shot = element("canvas", { width: this.canvas.width, height: this.canvas.height + 26 * ratio });
    const draw = shot.getContext("2d");
    draw.drawImage(this.canvas, 0, 0);
    if (this.empty) return shot;
    draw.scale(ratio, ratio);
    const colours = palette();
    const y = this.canvas.height / ratio + 12;
    const { first, last, steps } = this.legendSteps(colours);
    draw.font = '12px "Inter Variable", system-ui, sans-serif';
    draw.textBaseline = "middle";
    draw.fillStyle = colours.muted;
    draw.fillText(first, LEFT, y);
    const from = LEFT + draw.measureText(first).width + 8;
    draw.fillText(last, from + 9 * 16 + 8, y);
    steps.forEach((colour, i) => {
      draw.fillStyle = colour;
      draw.fillRect(from + i * 16, y - 5, 16, 10);
    });
    return shot;
  }
}

const short = (value) => inputText(value).slice(0, 7);

/** An input that is an axis cannot be held; one that is held says nothing of the others' best. */
function showFixes(controls) {
  const axes = new Set([controls.elements.x?.value, controls.elements.y?.value]);
  for (const label of controls.querySelectorAll("[data-fix]")) label.hidden = axes.has(label.dataset.fix);
}

export function startHeatMaps() {
  onElements("[data-heat]", (node) => new HeatMap(node));
}
