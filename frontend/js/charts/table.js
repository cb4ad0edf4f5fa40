/** The figures behind a chart: a table of the range in sight, sortable by its heads, and all of them as CSV. */
import { element } from "../dom.js";
import { n, t } from "../words.js";
import { moment } from "./format.js";

const MOST_ROWS = 500;

/** A table of the bars from index `from` to `to`, newest first. `columns` as the kinds give them: { name, values, text }. */
export function tableOf({ label, time, intraday, columns, from, to }) {
  const first = Math.max(from, to - MOST_ROWS + 1);
  const head = element("tr", {}, element("th", { scope: "col" }, intraday ? t("Time (UTC)") : t("Day")), ...columns.map(({ name, isText }) => element("th", { scope: "col", class: isText ? null : "cell-num" }, name)));
  const rows = [];
  for (let i = to; i >= first; i--) {
    rows.push(
      element(
        "tr",
        {},
        element("th", { scope: "row", "data-sort-value": new Date(time[i] * 1000).toISOString() }, moment(time[i], intraday)),
        ...columns.map(({ values, text, isText }) => element("td", { class: isText ? null : "cell-num", "data-sort-value": isText ? null : (values[i] ?? "") }, text(values[i]))),
      ),
    );
  }
  const more = first - from;
  const words = more > 0 ? t("{label}: the newest {rows} of {all} in sight. The file has all.", { label, rows: rows.length, all: to - from + 1 }) : n("{label}: {count} row in sight", "{label}: {count} rows in sight", rows.length, { label });
  const table = element("table", { class: "data-table", "data-sortable": true, "data-compact": true, "data-keep": true }, element("caption", {}, words), element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "table-wrap chart-table", "data-scroll": true, tabindex: 0, role: "region", "aria-label": label }, table);
}

/** All bars as CSV, the same in every language: times in ISO 8601, figures as they came. What was simulated says so in its head. */
export function csvOf({ time, columns, simulated }) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    // a text that a spreadsheet would take for a formula is kept one
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const heads = ["time", ...columns.map(({ key, name, isGiven }) => (simulated && !isGiven ? `${key ?? name} (simulated)` : (key ?? name)))];
  const lines = time.map((at, i) => [new Date(at * 1000).toISOString().replace(".000Z", "Z"), ...columns.map(({ values, neutral }) => (neutral ? neutral(values[i]) : values[i]))]);
  return [heads, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}
