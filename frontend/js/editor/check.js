/** Asks the server's checker about a text. The report is what `manage.py formula check --json` prints. */
import { csrfToken } from "../dom.js";

/** @returns {Promise<{ok: boolean, errors: object[], warnings?: object[], lookback?: number}>}; throws when unreachable. */
export async function checkFormula(url, text, signal) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify({ text }),
    signal,
  });
  const body = await response.json().catch(() => ({}));
  if (response.ok || Array.isArray(body.errors)) return body;
  throw new Error(body.detail || `The checker answered ${response.status}.`);
}

/** CodeMirror's diagnostics for a report: each problem marks the word at its place (1-based line and column). */
export function diagnosticsOf(report, doc) {
  const problems = [
    ...(report.errors ?? []).map((problem) => ({ ...problem, severity: "error" })),
    ...(report.warnings ?? []).map((problem) => ({ ...problem, severity: "warning" })),
  ];
  return problems.map((problem) => {
    const line = doc.line(Math.min(Math.max(problem.line ?? 1, 1), doc.lines));
    const from = Math.min(line.from + Math.max((problem.column ?? 1) - 1, 0), line.to);
    const word = /^(?:\w+|\S)/.exec(doc.sliceString(from, line.to));
    const message = problem.hint ? `${problem.message} ${problem.hint}` : problem.message;
    return { from, to: from + (word ? word[0].length : 0), severity: problem.severity, message, problem };
  });
}
