/** Completion: the server knows what may be written where; the browser narrows its list while the word goes on. */
import { autocompletion, hasNextSnippetField, hasPrevSnippetField, nextSnippetField, snippet } from "@codemirror/autocomplete";
import { EditorView } from "@codemirror/view";
import { element } from "../dom.js";
import { ask, placeOf, positionOf } from "./services.js";

// CodeMirror's own words for kinds, for which its icons are drawn
const KINDS = { series: "constant", input: "property", definition: "variable", field: "property", timeframe: "enum", snippet: "text" };

function details({ summary, parameters }) {
  const lines = [element("p", {}, summary)];
  if (parameters.length) {
    const list = element("dl", { class: "formula-parameters" });
    for (const { name, takes } of parameters) list.append(element("dt", {}, name), element("dd", {}, takes));
    lines.push(list);
  }
  return element("div", { class: "formula-hint" }, ...lines);
}

/** The text to insert, its last stop behind it. */
const template = (insert) => snippet(insert.endsWith("}") ? insert : `${insert}\${}`);

function option(found, rank) {
  return {
    label: found.label,
    type: KINDS[found.kind] ?? found.kind,
    detail: found.signature.startsWith(found.label) ? found.signature.slice(found.label.length) : found.signature,
    info: found.summary ? () => details(found) : undefined,
    apply: found.insert.includes("${") ? template(found.insert) : found.insert,
    boost: Math.max(99 - rank, -99), // the server's order: it knows the context
  };
}

function source(base) {
  return async (context) => {
    const before = context.matchBefore(/[\w.{"]+/);
    if (!context.explicit && (!before || /^\d/.test(before.text))) return null;
    const { state, pos } = context;
    const place = placeOf(state.doc, pos);
    const pending = new AbortController();
    context.addEventListener("abort", () => pending.abort(), { onDocChange: true });
    let found;
    try {
      found = await ask(base, "complete", { text: state.doc.toString(), ...place }, pending.signal);
    } catch {
      return null; // typing goes on without it
    }
    if (!found?.length) return null;
    return {
      from: positionOf(state.doc, place.line, found[0].start),
      to: Math.max(positionOf(state.doc, place.line, found[0].end), pos),
      validFor: /^\w*$/,
      options: found.map((each, rank) => option(each, rank)),
    };
  };
}

/** In a call that was accepted with its arguments, one types on as if they were not there yet: a comma goes to the next. */
const typeThrough = EditorView.inputHandler.of((view, from, to, text) => {
  const { state } = view;
  if (!hasNextSnippetField(state) && !hasPrevSnippetField(state)) return false;
  if (text === " " && from !== to) return state.sliceDoc(from - 1, from) === " "; // the one after the comma is there
  if (from !== to || state.sliceDoc(from, from + 1) !== text) return false;
  if (text === ",") return nextSnippetField(view);
  if (text !== ")") return false;
  view.dispatch({ selection: { anchor: from + 1 }, scrollIntoView: true, userEvent: "input.type" });
  return true;
});

export const completion = (base) => [typeThrough, autocompletion({ override: [source(base)], activateOnTypingDelay: 60, icons: true })];
