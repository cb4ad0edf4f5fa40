/**
 * The kinds of chart. Each takes a chart, its data and the palette, adds its series one after the other with a
 * `pause` between, and resolves to { main, extra, values, paint, readout }:
 *   main      the series that the crosshair rides on
 *   values    one number per time, for the crosshair's height (null where there is none)
 *   paint     (palette) => void, applies the colours again after a change of theme
 *   readout   (index) => [{ label, text, sign?, colour?, dash? }], the values at one bar
 *   columns   [{ name, values, text, key?, neutral?, isText?, isGiven? }], all of it as a table; what is given was not
 *             simulated. A file, which is the same in every language, has `key` and what `neutral` makes of a value.
 */
import { AreaSeries, BaselineSeries, CandlestickSeries, HistogramSeries, LineSeries, LineStyle, createSeriesMarkers } from "lightweight-charts";
import { t } from "../words.js";
import { fade, mix } from "./palette.js";
import { compact, decimalsFor, number, percent } from "./format.js";

const STYLES = [
  { style: LineStyle.Solid, dash: "solid" },
  { style: LineStyle.Dashed, dash: "dashed" },
  { style: LineStyle.Dotted, dash: "dotted" },
];
const LABEL_HEIGHT = 16; // of a figure at an axis, in pixels
const quiet = { priceLineVisible: false, lastValueVisible: false };

/** {time, value} points; a missing value leaves a gap in the line. */
const points = (time, values) =>
  time.map((at, i) => (values[i] === null || values[i] === undefined ? { time: at } : { time: at, value: values[i] }));

/** A bar of the ribbon; one at which nothing was held has no value, or a dot would be drawn for it. */
const ribbonAt = (time, side, colours) => (side > 0 ? { time, value: 1, color: colours.up } : side < 0 ? { time, value: 0.5, color: colours.down } : { time });

const HELD = { 1: "long", 0: "nothing", "-1": "short" };
const heldWords = (side) => (side > 0 ? t("holds long") : side < 0 ? t("holds short") : t("holds nothing"));

// What a mark is of. Any other text is what the formula's author wrote, even if it is "constructor".
const MARKS = {
  __proto__: null,
  "long entry": t("long entry"), "long exit": t("long exit"), "short entry": t("short entry"), "short exit": t("short exit"),
  long: t("long"), short: t("short"), buy: t("buy"), sell: t("sell"), alert: t("alert"),
  exit: t("exit"), "exit long": t("exit long"), "exit short": t("exit short"), "exit after": t("exit after"), reverse: t("reverse"),
  "stop loss": t("stop loss"), "take profit": t("take profit"), "trailing stop": t("trailing stop"),
  "account at zero": t("account at zero"), flatten: t("flatten"),
};
const markCode = (mark) => mark.text || `${mark.side} ${mark.action}`;
const markWords = (mark) => MARKS[markCode(mark)] || markCode(mark);

function markerOf(mark, colours) {
  if (mark.action === "alert") return { time: mark.time, position: "aboveBar", shape: "square", color: colours.series[3], size: 0.6 };
  const entry = mark.action === "entry";
  const long = mark.side === "long";
  const colour = long ? colours.up : colours.down;
  return {
    time: mark.time,
    position: entry === long ? "belowBar" : "aboveBar",
    shape: entry ? (long ? "arrowUp" : "arrowDown") : "circle",
    color: entry ? colour : colours.muted,
    size: entry ? 1 : 0.6,
  };
}

async function price(chart, data, colours, pause) {
  const decimals = decimalsFor(data.close);
  // The room kept for volume reaches below zero on the scale; where no value does, no label should.
  const below = Object.values(data.plots ?? {}).some((values) => values.some((value) => value < 0)) || data.low.some((value) => value < 0);
  const formatter = (value) => (value < 0 && !below ? "" : number(value, decimals));
  // A figure of the axis that the label of the last price would lie over is left out.
  const tickmarksFormatter = (prices) => {
    const last = candles.lastValueData(false);
    const lastAt = last.noData ? null : candles.priceToCoordinate(last.price);
    return prices.map((value) => (lastAt !== null && Math.abs(candles.priceToCoordinate(value) - lastAt) < LABEL_HEIGHT ? "" : formatter(value)));
  };
  const priceFormat = { type: "custom", minMove: 10 ** -decimals, formatter };
  const candles = chart.addSeries(CandlestickSeries, { priceFormat, priceLineVisible: false, borderVisible: true });
  candles.applyOptions({ priceFormat: { ...priceFormat, tickmarksFormatter } });
  chart.timeScale().subscribeVisibleLogicalRangeChange(() => candles.priceScale().applyOptions({})); // anew for the last price in sight
  candles.setData(data.time.map((time, i) => ({ time, open: data.open[i], high: data.high[i], low: data.low[i], close: data.close[i] })));
  await pause();

  const hasVolume = (data.volume ?? []).some((value) => value > 0);
  const volume = hasVolume ? chart.addSeries(HistogramSeries, { ...quiet, priceScaleId: "volume", priceFormat: { type: "volume" } }) : null;
  if (volume) volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: hasVolume ? 0.2 : 0.06 } });

  const panes = [data.plots ?? {}, ...(data.panes ?? [])];
  const plots = [];
  for (const { name, values, pane } of panes.flatMap((lines, pane) => Object.entries(lines).map(([name, values]) => ({ name, values, pane })))) {
    const i = plots.length;
    const look = STYLES[Math.floor(i / 4) % 3];
    const digits = pane ? decimalsFor(values) : decimals;
    const format = pane ? { type: "custom", minMove: 10 ** -digits, formatter: (value) => number(value, digits) } : priceFormat;
    const series = chart.addSeries(LineSeries, { ...quiet, priceFormat: format, lineWidth: 2, lineStyle: look.style, crosshairMarkerVisible: false }, pane);
    series.setData(points(data.time, values));
    plots.push({ name, values, digits, slot: i % 4, ...look, series });
    await pause();
  }
  chart.panes().forEach((pane, i) => pane.setStretchFactor(i ? 1 : 3));

  // The bar that was chosen, as a band over the whole height.
  const band = "chosen" in data ? chart.addSeries(HistogramSeries, { ...quiet, priceScaleId: "chosen", priceFormat: { type: "volume" } }) : null;
  band?.priceScale().applyOptions({ scaleMargins: { top: 0, bottom: 0 } });
  let chosen = data.chosen;
  const choose = (time) => {
    chosen = time;
    band?.setData(time ? [{ time, value: 1 }] : []);
  };
  choose(chosen);

  // What was held at each bar, as a ribbon along the bottom: full height for a long position, half for a short one.
  const held = data.position ? chart.addSeries(HistogramSeries, { ...quiet, priceScaleId: "held", priceFormat: { type: "volume" }, autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 1 } }) }) : null;
  held?.priceScale().applyOptions({ scaleMargins: { top: 0.975, bottom: 0 } });

  const marks = [...(data.markers ?? [])].sort((a, b) => a.time - b.time);
  const markers = marks.length ? createSeriesMarkers(candles, []) : null;
  const marksAt = Map.groupBy ? Map.groupBy(marks, (mark) => mark.time) : groupByTime(marks);

  const paint = (now) => {
    // Hollow rises, filled falls: told apart without colour.
    // the label of the last price has one look: the colour of the last bar would be none on a hollow one
    candles.applyOptions({ priceLineColor: now.muted, upColor: now.surface, downColor: now.down, borderUpColor: now.up, borderDownColor: now.down, wickUpColor: now.up, wickDownColor: now.down });
    const [rise, fall] = [fade(now.up, 0.28), fade(now.down, 0.28)];
    volume?.setData(data.time.map((time, i) => ({ time, value: data.volume[i], color: data.close[i] >= data.open[i] ? rise : fall })));
    plots.forEach(({ series, slot }) => series.applyOptions({ color: now.series[slot] }));
    band?.applyOptions({ color: fade(now.focus, 0.22) });
    held?.setData(data.time.map((time, i) => ribbonAt(time, data.position[i], now)));
    markers?.setMarkers(marks.map((mark) => markerOf(mark, now)));
  };
  paint(colours);

  const readout = (i) => {
    const before = data.close[i - 1];
    const change = before ? (data.close[i] / before - 1) * 100 : null;
    return [
      { label: "O", text: number(data.open[i], decimals) },
      { label: "H", text: number(data.high[i], decimals) },
      { label: "L", text: number(data.low[i], decimals) },
      { label: "C", text: number(data.close[i], decimals) },
      ...(change === null ? [] : [{ label: "", text: percent(change, 2, true), sign: Math.sign(change) }]),
      ...(hasVolume ? [{ label: t("Vol"), text: compact(data.volume[i]) }] : []),
      ...plots.map(({ name, values, digits, slot, dash }) => ({ label: name, text: number(values[i], digits), colour: `var(--series-${slot + 1})`, dash })),
      ...(held ? [{ label: "", text: heldWords(data.position[i]), sign: data.position[i] }] : []),
      ...(marksAt.get(data.time[i]) ?? []).slice(0, 3).map((mark) => ({ label: "", text: markWords(mark), sign: mark.action === "entry" ? (mark.side === "long" ? 1 : -1) : 0 })),
    ];
  };
  const isSmall = hasVolume && data.volume.every((value) => value < 1000);
  const columns = [
    ...[["open", t("Open"), data.open], ["high", t("High"), data.high], ["low", t("Low"), data.low], ["close", t("Close"), data.close]].map(([key, name, values]) => ({ key, name, values, isGiven: true, text: (value) => number(value, decimals) })),
    ...(hasVolume ? [{ key: "volume", name: t("Volume"), values: data.volume, isGiven: true, text: (value) => number(value, isSmall ? 2 : 0) }] : []),
    ...plots.map(({ name, values, digits }) => ({ name, values, isGiven: true, text: (value) => number(value, digits) })),
    ...(held ? [{ key: "position", name: t("Position"), values: data.position, text: heldWords, neutral: (side) => HELD[Math.sign(side)], isText: true }] : []),
    ...(marks.length ? [{ key: "signals", name: t("Signals"), values: data.time.map((time) => marksAt.get(time) ?? []), text: (found) => found.map(markWords).join("; "), neutral: (found) => found.map(markCode).join("; "), isText: true }] : []),
  ];
  return { main: candles, values: data.close, paint, readout, choose, columns };
}

function groupByTime(marks) {
  const groups = new Map();
  for (const mark of marks) groups.set(mark.time, [...(groups.get(mark.time) ?? []), mark]);
  return groups;
}

async function equity(chart, data, colours, pause) {
  const lines = [];
  for (const [name, values] of Object.entries(data.series)) {
    const i = lines.length;
    const first = i === 0;
    const options = { ...quiet, lineWidth: first ? 2 : 1.5, lineStyle: STYLES[Math.min(i, 2)].style, priceFormat: { type: "price", precision: 0, minMove: 1 } };
    const series = chart.addSeries(first ? AreaSeries : LineSeries, options);
    series.setData(points(data.time, values));
    lines.push({ name, values, series, first, slot: i % 4, dash: STYLES[Math.min(i, 2)].dash });
    await pause();
  }
  const paint = (now) =>
    lines.forEach(({ series, slot, first }) => {
      const colour = now.series[slot];
      series.applyOptions(first ? { lineColor: colour, topColor: fade(colour, 0.16), bottomColor: fade(colour, 0.01) } : { color: colour });
    });
  paint(colours);
  const readout = (i) => lines.map(({ name, values, slot, dash }) => ({ label: name, text: number(values[i], 0), colour: `var(--series-${slot + 1})`, dash }));
  return { main: lines[0].series, values: lines[0].values, paint, readout, columns: columnsOf(lines, (value) => number(value, 2)) };
}

/** A column a line, as it stands in the data. */
const columnsOf = (lines, text) => lines.map(({ name, values }) => ({ name, values, text }));

function drawdown(chart, data, colours) {
  // Shown below zero in percent, whichever sign the source gives its fractions.
  const values = data.value.map((value) => (value === null ? null : -Math.abs(value) * 100));
  const series = chart.addSeries(BaselineSeries, {
    ...quiet,
    lineWidth: 1.5,
    baseValue: { type: "price", price: 0 },
    // Zero stays in sight, so that depths compare at a glance whatever the range.
    autoscaleInfoProvider: (original) => {
      const info = original();
      return info && { ...info, priceRange: { minValue: info.priceRange.minValue, maxValue: 0 } };
    },
    priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => percent(value, 1) },
  });
  series.setData(points(data.time, values));
  const paint = (now) =>
    series.applyOptions({ topLineColor: now.down, topFillColor1: "transparent", topFillColor2: "transparent", bottomLineColor: now.down, bottomFillColor1: fade(now.down, 0.04), bottomFillColor2: fade(now.down, 0.22) });
  paint(colours);
  const readout = (i) => [{ label: t("Drawdown"), text: percent(values[i], 2) }];
  return { main: series, values, paint, readout, columns: [{ key: "drawdown_percent", name: t("Drawdown, %"), values, text: (value) => percent(value, 2) }] };
}

/** Lines that began at the same nothing: percent grown since, one per run. */
async function growth(chart, data, colours, pause) {
  const priceFormat = { type: "custom", minMove: 0.01, formatter: (value) => percent(value, 1) };
  const lines = [];
  for (const [name, values] of Object.entries(data.series)) {
    const i = lines.length;
    const look = STYLES[Math.floor(i / 4) % 3];
    const series = chart.addSeries(LineSeries, { ...quiet, lineWidth: 2, lineStyle: look.style, priceFormat });
    series.setData(points(data.time, values));
    lines.push({ name, values, series, slot: i % 4, dash: look.dash });
    await pause();
  }
  lines[0].series.createPriceLine({ price: 0, color: colours.muted, lineWidth: 1, lineStyle: LineStyle.Dotted, axisLabelVisible: false });
  const paint = (now) => lines.forEach(({ series, slot }) => series.applyOptions({ color: now.series[slot] }));
  paint(colours);
  const readout = (i) => lines.map(({ name, values, slot, dash }) => ({ label: name, text: percent(values[i], 1, true), colour: `var(--series-${slot + 1})`, dash }));
  return { main: lines[0].series, values: lines[0].values, paint, readout, columns: columnsOf(lines, (value) => percent(value, 1, true)) };
}

/** Shares of a whole over time, stacked; shorts count with their size, and are written with their sign. */
async function shares(chart, data, colours, pause) {
  const entries = Object.entries(data.series);
  const heights = data.time.map(() => 0);
  const layers = entries.map(([name, values], i) => {
    const tops = values.map((value, at) => (heights[at] += Math.abs(value ?? 0) * 100));
    return { name, values, tops, slot: i % 4, pale: i >= 4 };
  });
  const most = Math.max(...heights, 1);
  const shown = [];
  for (const layer of [...layers].reverse()) {
    const series = chart.addSeries(AreaSeries, {
      ...quiet,
      lineWidth: 1,
      crosshairMarkerVisible: false,
      priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => percent(value, 0) },
      autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: most } }),
    });
    series.priceScale().applyOptions({ scaleMargins: { top: 0.04, bottom: 0 } });
    series.setData(points(data.time, layer.tops));
    shown.push({ ...layer, series });
    await pause();
  }
  const paint = (now) =>
    shown.forEach(({ series, slot, pale }) => {
      const fill = mix(now.series[slot], now.surface, pale ? 0.3 : 0.55); // opaque: what is painted below must not show
      series.applyOptions({ lineColor: now.series[slot], topColor: fill, bottomColor: fill });
    });
  paint(colours);
  const readout = (i) => layers.map(({ name, values, slot }) => ({ label: name, text: percent(values[i] === null ? null : values[i] * 100, 0), colour: `var(--series-${slot + 1})`, dash: "solid" }));
  return { main: shown[0].series, values: layers.at(-1).tops, paint, readout, columns: columnsOf(layers, (value) => percent(value === null ? null : value * 100, 1)) };
}

/** A gain or a loss each day: bars above and below nothing. */
function days(chart, data, colours) {
  const priceFormat = { type: "custom", minMove: 0.01, formatter: (value) => number(value, Math.abs(value) >= 100 || Math.abs(value) < 0.005 ? 0 : 2) };
  const series = chart.addSeries(HistogramSeries, { ...quiet, base: 0, priceFormat });
  const paint = (now) => series.setData(data.time.map((time, i) => ({ time, value: data.value[i], color: data.value[i] < 0 ? now.down : now.up })));
  paint(colours);
  const readout = (i) => [{ label: data.name ?? "", text: `${data.value[i] > 0 ? "+" : ""}${number(data.value[i], 2)}`, sign: Math.sign(data.value[i]) }];
  return { main: series, values: data.value, paint, readout, columns: [{ key: "result", name: data.name ?? t("Result"), values: data.value, text: (value) => `${value > 0 ? "+" : ""}${number(value, 2)}` }] };
}

export const KINDS = { price, equity, drawdown, growth, shares, days };
