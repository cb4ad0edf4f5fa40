/** Numbers and times as the readouts and axes write them: true minus sign, fixed decimals, UTC. */
import { day, figure, inPercent } from "../figures.js";

const MINUS = "\u2212";

/** `value` with `decimals` places and thousands separated; an en dash for a missing value. */
export function number(value, decimals = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const text = figure(Math.abs(value), { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return value < 0 && Number(value.toFixed(decimals)) !== 0 ? MINUS + text : text;
}

export function percent(value, decimals = 2, signed = false) {
  const text = number(value, decimals);
  return inPercent(`${signed && value > 0 ? "+" : ""}${text}`);
}

/** 12,300,000 as 12.3 M. */
export function compact(value, decimals = 2) {
  if (value === null || value === undefined) return "–";
  for (const [size, unit] of [[1e9, " B"], [1e6, " M"], [1e3, " k"]]) {
    if (Math.abs(value) >= size) return number(value / size, decimals) + unit;
  }
  return number(value, value % 1 ? 2 : 0);
}

/** Decimals for a series of prices, by the largest of them: 2 from 10 up, so many below that five digits count. */
export function decimalsFor(values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  if (largest >= 10 || largest === 0) return 2;
  return Math.min(8, 4 - Math.floor(Math.log10(largest)));
}

/** A bar's opening time in UTC, in the reader's order of day and month; the time of day only where bars are shorter than a day. */
export function moment(seconds, intraday) {
  const iso = new Date(seconds * 1000).toISOString();
  return intraday ? `${day(iso)} ${iso.slice(11, 16)}` : day(iso);
}
