/** Metrics and inputs of a sweep in the form they are read in. */
import { number, percent } from "./format.js";

const RATIOS = new Set(["total_return", "cagr", "volatility", "max_drawdown", "win_rate", "exposure"]);
const COUNTS = new Set(["trades"]);
const FALLS = new Set(["max_drawdown"]); // stored positive, shown as the losses they are

export function metricText(name, value) {
  if (value === null || value === undefined) return "–";
  if (RATIOS.has(name)) return percent((FALLS.has(name) ? -100 : 100) * value, Math.abs(value) >= 10 ? 0 : 1);
  return number(value, COUNTS.has(name) ? 0 : Math.abs(value) >= 1000 ? 0 : 2);
}

/** An input's value: numbers without rounding beyond what floats bring in, truths and texts as they are. */
export function inputText(value) {
  if (typeof value !== "number") return String(value);
  return String(Number(value.toPrecision(10))).replace("-", "\u2212");
}

/** Opens a cell as a backtest through the page's form. */
export function openCell(selector, cell) {
  const form = document.querySelector(selector);
  if (!form) return; // the reader may not run backtests
  form.action = form.dataset.action.replace(/\/0\/open\/$/, `/${cell}/open/`);
  form.requestSubmit();
}
