/** Completion: the server knows what may be written where; the browser narrows its list while the word goes on. */
import { autocompletion, snippet } from "@codemirror/autocomplete";
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

function option(found, rank) {
  return {
    label: found.label,
    type: KINDS[found.kind] ?? found.kind,
    detail: found.signature.startsWith(found.label) ? found.signature.slice(found.label.length) : found.signature,
    info: found.summary ? () => details(found) : undefined,
    apply: found.insert.includes("${") ? snippet(found.insert) : found.insert,
    boost: Math.max(99 - rank, -99), // the server's order: it knows the context
  };
}

function source(base) {
  return async (context) => {
    const before = context.matchBefore(/[\w.{"]+/);
    if (!context.explicit && !before) return null;
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

export const completion = (base) => autocompletion({ override: [source(base)], activateOnTypingDelay: 60, icons: true });
