/** Numbers and times as the readouts and axes write them: true minus sign, fixed decimals, UTC. */

const MINUS = "\u2212";

/** `value` with `decimals` places and thousands separated; an en dash for a missing value. */
export function number(value, decimals = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const text = Math.abs(value).toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return value < 0 && Number(text.replace(/,/g, "")) !== 0 ? MINUS + text : text;
}

export function percent(value, decimals = 2, signed = false) {
  const text = number(value, decimals);
  return `${signed && value > 0 ? "+" : ""}${text} %`;
}

/** 12,300,000 as 12.3 M. */
export function compact(value) {
  if (value === null || value === undefined) return "–";
  for (const [size, unit] of [[1e9, " B"], [1e6, " M"], [1e3, " k"]]) {
    if (Math.abs(value) >= size) return number(value / size, 2) + unit;
  }
  return number(value, value % 1 ? 2 : 0);
}

/** Decimals that show about five significant digits of a price: 2 from 10 up, more below. */
export function decimalsFor(values) {
  const seen = values.find((value) => value !== null && value !== 0);
  if (seen === undefined) return 2;
  const size = Math.abs(seen);
  if (size >= 10) return 2;
  return Math.min(8, 4 + Math.max(0, -Math.floor(Math.log10(size)) - 1) + (size < 1 ? 1 : 0));
}

/** A bar's opening time in UTC; the time of day only where bars are shorter than a day. */
export function moment(seconds, intraday) {
  const iso = new Date(seconds * 1000).toISOString();
  return intraday ? `${iso.slice(0, 10)} ${iso.slice(11, 16)}` : iso.slice(0, 10);
}
