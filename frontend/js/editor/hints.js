/** What stands under the pointer, and which parameter of a call is being written. */
import { StateEffect, StateField } from "@codemirror/state";
import { ViewPlugin, hoverTooltip, keymap, showTooltip } from "@codemirror/view";
import { element } from "../dom.js";
import { ask, placeOf, positionOf } from "./services.js";
import { t } from "../words.js";

const SIGNATURE_DELAY_MS = 120;
const LOOK_BACK = 600; // characters in which an open bracket is looked for

function parameterList(parameters, active) {
  const list = element("dl", { class: "formula-parameters" });
  parameters.forEach(({ name, takes }, i) => {
    if (active !== undefined && active !== i) return;
    list.append(element("dt", {}, name), element("dd", {}, takes));
  });
  return list;
}

/** Explains the word under the pointer. */
export const hover = (base, reference) =>
  hoverTooltip(async (view, position) => {
    const { doc } = view.state;
    const found = await ask(base, "hover", { text: doc.toString(), ...placeOf(doc, position) }).catch(() => null);
    if (!found || view.state.doc !== doc) return null;
    const parts = [element("p", { class: "formula-hint-title" }, found.title)];
    if (found.summary) parts.push(element("p", {}, found.summary));
    parts.push(...found.details.map((line) => element("p", { class: "formula-hint-detail" }, line)));
    if (found.parameters.length) parts.push(parameterList(found.parameters));
    if (found.url && reference) {
      parts.push(element("p", {}, element("a", { class: "link", href: `${reference}${found.url}/`, target: "_blank" }, t("Read more"))));
    }
    return {
      pos: positionOf(doc, found.line, found.start),
      end: positionOf(doc, found.line, found.end),
      above: true,
      create: () => ({ dom: element("div", { class: "formula-hint" }, ...parts) }),
    };
  });

/** Whether the cursor stands inside brackets of this or the lines before: only then is there a call to ask about. */
function insideBrackets(state) {
  const { head } = state.selection.main;
  const before = state.doc.sliceString(Math.max(0, head - LOOK_BACK), head);
  let depth = 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    if (before[i] === ")") depth += 1;
    else if (before[i] === "(" && depth-- === 0) return true;
  }
  return false;
}

function signatureTooltip(found, position) {
  const active = found.active ?? -1;
  const [, name, names] = /^(\w+)\((.*)\)$/.exec(found.signature) ?? [null, found.signature, ""];
  const line = element("p", { class: "formula-hint-title" }, name, "(");
  names.split(", ").forEach((parameter, i) => {
    if (i) line.append(", ");
    line.append(i === active ? element("strong", {}, parameter) : parameter);
  });
  line.append(")");
  const parts = [line];
  if (found.parameters[active]) parts.push(parameterList(found.parameters, active));
  return { pos: position, above: true, arrow: false, create: () => ({ dom: element("div", { class: "formula-hint" }, ...parts) }) };
}

/** Shows the call around the cursor, with the parameter being written in bold; Escape puts it away. */
export function signatureHelp(base) {
  const show = StateEffect.define();
  const field = StateField.define({
    create: () => null,
    update(value, transaction) {
      for (const effect of transaction.effects) if (effect.is(show)) return effect.value;
      if (!value) return value;
      const pos = transaction.changes.mapPos(value.pos);
      const { doc, selection } = transaction.state;
      if (doc.lineAt(pos).number !== doc.lineAt(selection.main.head).number) return null; // gone elsewhere
      return transaction.docChanged ? { ...value, pos } : value;
    },
    provide: (own) => showTooltip.from(own),
  });
  const watcher = ViewPlugin.define((view) => {
    let timer;
    let pending;
    const put = (value) => {
      if (view.state.field(field) || value) view.dispatch({ effects: show.of(value) });
    };
    const look = async () => {
      pending?.abort();
      if (!view.hasFocus || !insideBrackets(view.state)) return put(null);
      pending = new AbortController();
      const { state } = view;
      const { head } = state.selection.main;
      try {
        const found = await ask(base, "signature", { text: state.doc.toString(), ...placeOf(state.doc, head) }, pending.signal);
        if (view.state.doc === state.doc) put(found ? signatureTooltip(found, head) : null);
      } catch {
        // typing goes on without it
      }
    };
    return {
      update(update) {
        if (!update.docChanged && !update.selectionSet && !update.focusChanged) return;
        clearTimeout(timer);
        timer = setTimeout(look, SIGNATURE_DELAY_MS);
      },
      destroy() {
        clearTimeout(timer);
        pending?.abort();
      },
    };
  });
  const escape = keymap.of([
    {
      key: "Escape",
      run: (view) => {
        if (!view.state.field(field)) return false;
        view.dispatch({ effects: show.of(null) });
        return true;
      },
    },
  ]);
  return [field, watcher, escape];
}
