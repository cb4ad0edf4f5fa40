/** The checker's report as marks in the text. The report is what `manage.py formula check --json` prints. */
import { element } from "../dom.js";
import { positionOf } from "./services.js";

/** A message's words, what stands in backquotes as code. */
export const words = (message) => message.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part));

/** CodeMirror's diagnostics for a report: each problem marks the word at its place. */
export function diagnosticsOf(report, doc) {
  const problems = [
    ...(report.errors ?? []).map((problem) => ({ ...problem, severity: "error" })),
    ...(report.warnings ?? []).map((problem) => ({ ...problem, severity: "warning" })),
  ];
  return problems.map((problem) => {
    const from = positionOf(doc, problem.line ?? 1, problem.column ?? 1);
    const word = /^(?:\w+|\S)/.exec(doc.sliceString(from, doc.lineAt(from).to));
    const message = problem.hint ? `${problem.message} ${problem.hint}` : problem.message;
    return { from, to: from + (word ? word[0].length : 0), severity: problem.severity, message, problem, renderMessage: () => element("span", {}, ...words(message)) };
  });
}
