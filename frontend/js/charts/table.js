/** The figures behind a chart: a table of the range in sight, sortable by its heads, and all of them as CSV. */
import { element } from "../dom.js";
import { n, t } from "../words.js";
import { moment } from "./format.js";

export const MOST_ROWS = 500;

/** The table in a chart's place; `rows` are lists of cells as `element` makes them. */
export function tableNode({ label, words, head, rows }) {
  const table = element(
    "table",
    { class: "data-table", "data-sortable": true, "data-compact": true, "data-keep": true },
    element("caption", {}, words),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells))),
  );
  return element("div", { class: "table-wrap chart-table", "data-scroll": true, tabindex: 0, role: "region", "aria-label": label }, table);
}

export const headCell = (name, isText = false) => element("th", { scope: "col", class: isText ? null : "cell-num" }, name);

export const bodyCell = (value, text, isText = false) => element("td", { class: isText ? null : "cell-num", "data-sort-value": isText ? null : (value ?? "") }, text);

/** A table of the bars from index `from` to `to`, newest first. `columns` as the kinds give them: { name, values, text }. */
export function tableOf({ label, time, intraday, columns, from, to }) {
  const first = Math.max(from, to - MOST_ROWS + 1);
  const head = [element("th", { scope: "col" }, intraday ? t("Time (UTC)") : t("Day")), ...columns.map(({ name, isText }) => headCell(name, isText))];
  const rows = [];
  for (let i = to; i >= first; i--) {
    const at = element("th", { scope: "row", "data-sort-value": new Date(time[i] * 1000).toISOString() }, moment(time[i], intraday));
    rows.push([at, ...columns.map(({ values, text, isText }) => bodyCell(values[i], text(values[i]), isText))]);
  }
  const more = first - from;
  const words = more > 0 ? t("{label}: the newest {rows} of {all} in sight. The file has all.", { label, rows: rows.length, all: to - from + 1 }) : n("{label}: {count} row in sight", "{label}: {count} rows in sight", rows.length, { label });
  return tableNode({ label, words, head, rows });
}

/** All bars as CSV: times in ISO 8601, figures as they came. What was simulated says so in its head. */
export function csvOf({ time, columns, simulated }) {
  const heads = ["time", ...columns.map(({ key, name, isGiven }) => (simulated && !isGiven ? `${key ?? name} (simulated)` : (key ?? name)))];
  const lines = time.map((at, i) => [new Date(at * 1000).toISOString().replace(".000Z", "Z"), ...columns.map(({ values, neutral }) => (neutral ? neutral(values[i]) : values[i]))]);
  return csvText(heads, lines);
}

/** Lines of values as CSV, the same in every language. */
export function csvText(heads, lines) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    // a text that a spreadsheet would take for a formula is kept one
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [heads, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}
