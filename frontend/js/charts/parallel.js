/**
 * Parallel coordinates: `<div data-parallel data-src data-open="#form" data-label>`: a line per cell, an axis per input and
 * metric. Dragging along an axis keeps the lines that pass there; the same bounds stand below as pairs of sliders. The tools
 * show what is kept as table, file, picture.
 */
import { figure } from "../figures.js";
import { element, onElements } from "../dom.js";
import { inputText, metricText, openCell } from "./metrics.js";
import { fade, palette } from "./palette.js";
import { bodyCell, csvText, headCell, MOST_ROWS, tableNode } from "./table.js";
import { Tools } from "./tools.js";
import { n, t } from "../words.js";

const HEIGHT = 300;
const TOP = 34;
const BOTTOM = 26;
const LEAST_GAP = 92;
const MOST_METRICS = 6;
const STEPS = 200; // of a slider

class Parallel {
  constructor(node) {
    this.node = node;
    this.readout = element("p", { class: "heat-readout", role: "status" });
    this.canvas = element("canvas", { role: "img", "aria-label": node.dataset.label });
    this.scroll = element("div", { class: "heat-scroll", tabindex: 0, role: "region", "aria-label": node.dataset.label }, this.canvas);
    this.sliders = element("details", { class: "parallel-ranges" }, element("summary", { class: "link text-sm" }, t("Bounds by slider")));
    this.open = element("button", { class: "btn btn-sm", type: "button", hidden: true }, t("Open the best of these"));
    this.clear = element("button", { class: "btn btn-sm btn-ghost", type: "button", hidden: true }, t("Keep all"));
    this.label = node.dataset.label;
    this.tools = new Tools(this, this.scroll);
    node.replaceChildren(element("div", { class: "parallel-top" }, this.readout, this.open, this.clear, this.tools.node), this.scroll, this.sliders);
    this.canvas.addEventListener("pointerdown", (event) => this.grab(event));
    this.canvas.addEventListener("pointermove", (event) => this.drag(event));
    this.canvas.addEventListener("pointerup", (event) => this.drop(event));
    this.clear.addEventListener("click", () => this.keepAll());
    this.open.addEventListener("click", () => openCell(node.dataset.open, this.data.cells[this.kept()[0]]));
    document.addEventListener("cw:preferences", () => this.paint());
    new ResizeObserver(() => this.paint()).observe(this.scroll);
    this.load();
  }

  async load() {
    try {
      const response = await fetch(`${this.node.dataset.src}&lang=${document.documentElement.lang}`, { headers: { Accept: "application/json" } });
      const data = await response.json();
      if (!response.ok) throw new Error(data.detail);
      this.draw(data);
    } catch (error) {
      this.readout.textContent = t("The lines could not be loaded: {reason}", { reason: error.message });
    }
  }

  draw(data) {
    this.data = data;
    const inputs = data.inputs.filter(({ scale }) => scale.length > 1).map((input) => this.axisOfInput(input));
    const metrics = data.metrics.slice(0, MOST_METRICS).map((metric) => axisOfMetric(metric));
    this.axes = [...inputs, ...metrics].filter((axis) => axis !== null);
    this.rank = this.axes.find((axis) => axis.name === data.ranked_by);
    this.makeSliders();
    this.paint();
  }

  /** Places 0 (bottom) to 1 (top): by value for numbers, by turn for truths and texts. */
  axisOfInput({ name, values, scale }) {
    const numeric = scale.every((value) => typeof value === "number");
    const [low, high] = numeric ? [Math.min(...scale), Math.max(...scale)] : [0, scale.length - 1];
    const place = (value) => ((numeric ? value : scale.indexOf(value)) - low) / (high - low || 1);
    const text = (share) => (numeric ? inputText(low + share * (high - low)) : inputText(scale[Math.round(share * high)]));
    return { name, title: name, values, written: inputText, places: values.map(place), text, from: 0, to: 1 };
  }

  kept() {
    const found = [];
    for (let i = 0; i < this.data.cells.length; i++) {
      if (this.axes.every(({ places, from, to }) => (from <= 0 && to >= 1) || (places[i] !== null && places[i] >= from - 1e-9 && places[i] <= to + 1e-9))) found.push(i);
    }
    return found; // the best first: so the server sorts
  }

  paint() {
    const { data, axes } = this;
    if (!data) return;
    const width = Math.max(this.scroll.clientWidth, axes.length * LEAST_GAP);
    this.gap = (width - LEAST_GAP) / Math.max(1, axes.length - 1);
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: HEIGHT * ratio });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${HEIGHT}px` });
    const draw = this.canvas.getContext("2d");
    draw.scale(ratio, ratio);
    const colours = palette();
    const kept = this.kept();
    const keptSet = new Set(kept);
    const strength = Math.max(0.08, Math.min(0.7, 40 / kept.length));
    draw.lineWidth = 1;
    if (kept.length < data.cells.length) this.lines(draw, data.cells.keys(), fade(colours.muted, 0.06), (i) => !keptSet.has(i));
    for (const i of [...kept].reverse()) {
      const rank = this.rank?.places[i];
      draw.strokeStyle = fade(rank === null || rank === undefined ? colours.muted : rank > 0.5 ? colours.series[0] : colours.series[1], strength);
      this.line(draw, i);
    }
    if (kept.length) {
      draw.strokeStyle = colours.text;
      draw.lineWidth = 2;
      this.line(draw, kept[0]);
    }
    axes.forEach((axis, a) => this.paintAxis(draw, colours, axis, a));
    this.readout.textContent = this.summary(kept);
    this.open.hidden = kept.length === 0 || !document.querySelector(this.node.dataset.open);
    this.clear.hidden = axes.every(({ from, to }) => from <= 0 && to >= 1);
    this.tools.drawn();
  }

  /** How many cells are kept, of how many, and what the best of them is. */
  summary(kept) {
    const { data, axes } = this;
    const figures = { kept: figure(kept.length), drawn: figure(data.cells.length), total: figure(data.total) };
    const count =
      data.total > data.cells.length
        ? n("{kept} cell kept ({drawn} of {total} drawn).", "{kept} cells kept ({drawn} of {total} drawn).", kept.length, figures)
        : n("{kept} cell kept.", "{kept} cells kept.", kept.length, figures);
    if (!kept.length) return count;
    const best = axes.map((axis) => `${axis.title} ${axis.places[kept[0]] === null ? "–" : axis.text(axis.places[kept[0]])}`).join(", ");
    return `${count} ${t("Best: {values}.", { values: best })}`;
  }

  words() {
    return this.readout.textContent;
  }

  /** For the tools: what is kept as a table (the best of it) and as a file, and the picture. */
  table() {
    const rows = this.kept().slice(0, MOST_ROWS).map((i) => this.axes.map(({ values, written }) => bodyCell(values[i], written(values[i]), typeof values[i] === "string")));
    const head = this.axes.map(({ title, values }) => headCell(title, typeof values[0] === "string"));
    return tableNode({ label: this.label, words: this.words(), head, rows });
  }

  csv(simulated) {
    const heads = this.axes.map(({ name, isMetric }) => (simulated && isMetric ? `${name} (simulated)` : name));
    return csvText(["cell", ...heads], this.kept().map((i) => [this.data.cells[i], ...this.axes.map(({ values }) => values[i])]));
  }

  shot() {
    return this.canvas;
  }

  lines(draw, which, colour, wanted) {
    draw.strokeStyle = colour;
    for (const i of which) if (wanted(i)) this.line(draw, i);
  }

  line(draw, i) {
    draw.beginPath();
    let begun = false;
    this.axes.forEach(({ places }, a) => {
      if (places[i] === null) begun = false;
      else if (begun) draw.lineTo(this.x(a), this.y(places[i]));
      else {
        draw.moveTo(this.x(a), this.y(places[i]));
        begun = true;
      }
    });
    draw.stroke();
  }

  x(axis) {
    return LEAST_GAP / 2 + axis * this.gap;
  }

  y(share) {
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  }

  paintAxis(draw, colours, axis, a) {
    const x = this.x(a);
    draw.strokeStyle = colours.muted;
    draw.lineWidth = 1;
    draw.beginPath();
    draw.moveTo(x, TOP);
    draw.lineTo(x, HEIGHT - BOTTOM);
    draw.stroke();
    draw.font = '500 12px "Inter Variable", system-ui, sans-serif';
    draw.textAlign = "center";
    draw.fillStyle = colours.text;
    draw.fillText(axis.title.length > 14 ? `${axis.title.slice(0, 13)}…` : axis.title, x, 12);
    draw.font = '12px "Inter Variable", system-ui, sans-serif';
    draw.fillStyle = colours.muted;
    draw.fillText(axis.text(1), x, 27);
    draw.fillText(axis.text(0), x, HEIGHT - 8);
    if (axis.from > 0 || axis.to < 1) {
      draw.fillStyle = fade(colours.focus, 0.3);
      draw.strokeStyle = colours.focus;
      const [top, bottom] = [this.y(axis.to), this.y(axis.from)];
      draw.fillRect(x - 7, top, 14, Math.max(2, bottom - top));
      draw.strokeRect(x - 7, top, 14, Math.max(2, bottom - top));
    }
  }

  grab(event) {
    if (!this.data) return;
    const a = Math.round((event.offsetX - LEAST_GAP / 2) / this.gap);
    if (a < 0 || a >= this.axes.length || Math.abs(event.offsetX - this.x(a)) > 24) return;
    this.held = { axis: this.axes[a], start: this.shareAt(event) };
    this.canvas.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (!this.held) return;
    const now = this.shareAt(event);
    this.bound(this.held.axis, Math.min(now, this.held.start), Math.max(now, this.held.start));
  }

  /** A click without a drag keeps all of the axis again. */
  drop(event) {
    if (this.held && Math.abs(this.shareAt(event) - this.held.start) < 0.01) this.bound(this.held.axis, 0, 1);
    this.held = null;
  }

  shareAt(event) {
    return Math.min(1, Math.max(0, (HEIGHT - BOTTOM - event.offsetY) / (HEIGHT - TOP - BOTTOM)));
  }

  bound(axis, from, to) {
    Object.assign(axis, { from, to });
    this.showSliders(axis);
    this.paint();
  }

  keepAll() {
    for (const axis of this.axes) {
      Object.assign(axis, { from: 0, to: 1 });
      this.showSliders(axis);
    }
    this.paint();
  }

  makeSliders() {
    this.sliders.querySelector("div")?.remove();
    const rows = this.axes.map((axis) => {
      const [low, high] = [[0, t("{name}, lowest", { name: axis.title })], [STEPS, t("{name}, highest", { name: axis.title })]].map(([value, label]) => {
        const slider = element("input", { type: "range", min: 0, max: STEPS, value, "aria-label": label });
        slider.addEventListener("input", () => {
          const [from, to] = [axis.sliders[0].value, axis.sliders[1].value].map((value) => value / STEPS);
          this.bound(axis, Math.min(from, to), Math.max(from, to));
        });
        return slider;
      });
      axis.sliders = [low, high];
      axis.said = element("output", { class: "text-muted tabular-nums" });
      this.showSliders(axis);
      return element("div", { class: "parallel-range" }, element("span", {}, axis.title), low, high, axis.said);
    });
    this.sliders.append(element("div", { class: "parallel-range-list" }, ...rows));
  }

  showSliders(axis) {
    const [low, high] = axis.sliders;
    if (document.activeElement !== low && document.activeElement !== high) {
      low.value = Math.round(axis.from * STEPS);
      high.value = Math.round(axis.to * STEPS);
    }
    low.setAttribute("aria-valuetext", axis.text(axis.from));
    high.setAttribute("aria-valuetext", axis.text(axis.to));
    axis.said.textContent = axis.from <= 0 && axis.to >= 1 ? t("all") : t("{low} to {high}", { low: axis.text(axis.from), high: axis.text(axis.to) });
  }
}

/** Null where no cell has a value. */
function axisOfMetric({ name, label, values }) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const places = values.map((value) => (value === null ? null : high > low ? (value - low) / (high - low) : 0.5));
  return { name, title: label, isMetric: true, values, written: (value) => metricText(name, value), places, text: (share) => metricText(name, low + share * (high - low)), from: 0, to: 1 };
}

export function startParallel() {
  onElements("[data-parallel]", (node) => new Parallel(node));
}
