/**
 * The formula editor: every `<textarea data-formula-editor>` becomes CodeMirror; without scripts it stays a textarea.
 *
 * The textarea keeps the text at every moment, so forms post as before. `data-services` is where the language's services
 * are, `data-reference` the function reference. A list `[data-formula-problems]` in the same form is taken out once the
 * editor shows problems itself. Mod-Enter presses the form's primary button, also one outside it that names the form,
 * Mod-S the one that saves; Mod-Shift-F lays the text out. Each check dispatches `formula:checked` on the textarea, the report as detail,
 * with the text it is of. Tab indents; after Escape it leaves the editor. In a `[data-workbench]` the editor has blocks, a chart and panels beside it (workbench.js).
 */
import { acceptCompletion } from "@codemirror/autocomplete";
import { indentWithTab } from "@codemirror/commands";
import { lintGutter, linter } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { element, icon, onElements } from "../dom.js";
import { breath } from "../pace.js";
import { diagnosticsOf, words } from "./check.js";
import { completion } from "./complete.js";
import { followFacts } from "./facts.js";
import { hover, signatureHelp } from "./hints.js";
import { formula } from "./language.js";
import { phrases } from "./phrases.js";
import { ask } from "./services.js";
import { candlewrightTheme } from "./theme.js";
import { startWorkbench } from "./workbench.js";
import { wrapping } from "./wrapping.js";
import { n, t } from "../words.js";

const CHECK_DELAY_MS = 350;
const LEAVE_MS = 600_000; // how long Escape lets Tab go on to the next field; any other key ends it

/** Escape that has nothing to close makes the next Tab leave, so that the keyboard is never held fast. */
const leaving = Prec.lowest(
  keymap.of([
    {
      key: "Escape",
      run: (view) => {
        view.setTabFocusMode(LEAVE_MS);
        return true;
      },
    },
  ]),
);

function statusLine(report) {
  if (report.unreachable) return [element("span", {}, icon("wifi-off"), t("Not checked: {reason}", { reason: report.unreachable }))];
  const errors = report.errors?.length ?? 0;
  const warnings = report.warnings?.length ?? 0;
  const verdict = errors ? n("{count} error", "{count} errors", errors) : t("No errors");
  const parts = [element("span", { "data-ok": String(!errors) }, icon(errors ? "circle-alert" : "circle-check"), verdict)];
  if (warnings) parts.push(element("span", {}, n("{count} warning", "{count} warnings", warnings)));
  if (!errors && Number.isInteger(report.lookback)) parts.push(element("span", {}, n("looks back {count} bar", "looks back {count} bars", report.lookback)));
  return parts;
}

class FormulaEditor {
  constructor(area) {
    this.area = area;
    this.form = area.form;
    this.base = area.dataset.services || "/api/v1/formulas/";
    this.status = element("div", { class: "formula-status", role: "status" }, t("Checking…"));
    this.problems = element("div", { class: "formula-problems", hidden: true });
    this.way = element("p", { class: "formula-way", id: `${area.id}-way` }, t("Press Escape, then Tab to leave the editor."));
    this.frame = element("div", { class: "formula-editor" });
    this.state = EditorState.create({ doc: area.value, extensions: this.extensions() });
  }

  /** Stands in the textarea's place from here on. */
  show() {
    const { area } = this;
    area.before(this.frame);
    area.hidden = true;
    this.form?.querySelector("[data-formula-problems]")?.remove();
    if (area.readOnly) this.way.textContent = ""; // there Tab writes nothing
    this.view = new EditorView({ state: this.state, parent: this.frame });
    const format = element("button", { type: "button", class: "btn btn-sm btn-ghost", title: t("Lay the text out (Ctrl/⌘ Shift F)") }, t("Format"));
    format.addEventListener("click", () => this.format());
    this.frame.append(this.problems, element("div", { class: "formula-foot" }, this.status, this.way, format));
    this.frame.style.setProperty("--editor-height", `${Math.max(area.rows, 6) * 22.4 + 26}px`);
    // Lines are measured in the fallback font first; once ours is there, the gutter must follow.
    if (area.readOnly) this.view.scrollDOM.tabIndex = 0; // what is too wide for a phone is scrolled by keyboard, too
    document.fonts.load('14px "JetBrains Mono Variable"').then(() => this.view.requestMeasure());
    const label = area.labels?.[0];
    label?.addEventListener("click", () => this.view.focus());
    area.cwEditor = this.view;
    followFacts(area);
    this.saved = area.value;
    this.form?.addEventListener("submit", () => (this.saved = this.area.value));
    addEventListener("beforeunload", (event) => {
      if (this.area.value !== this.saved) event.preventDefault();
    });
  }

  extensions() {
    return [
      keymap.of([
        { key: "Mod-Enter", run: () => this.submit() },
        { key: "Mod-s", run: () => this.save(), preventDefault: true },
        { key: "Mod-Shift-f", run: () => this.area.readOnly || this.format(), preventDefault: true },
        { key: "Tab", run: acceptCompletion },
        indentWithTab,
      ]),
      signatureHelp(this.base),
      basicSetup,
      formula(),
      completion(this.base),
      hover(this.base, this.area.dataset.reference),
      phrases,
      candlewrightTheme,
      lintGutter(),
      linter((view) => this.lint(view), { delay: CHECK_DELAY_MS }),
      wrapping,
      leaving,
      EditorState.readOnly.of(this.area.readOnly),
      EditorView.contentAttributes.of({ "aria-label": this.area.labels?.[0]?.textContent.trim() || t("Formula"), "aria-describedby": this.way.id, spellcheck: "false" }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        this.area.value = update.state.doc.toString();
        this.area.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    ];
  }

  /** Puts another text in place of this one; what both begin and end with stays, and so does the cursor there. */
  replace(text) {
    const old = this.view.state.doc.toString();
    if (old === text) return;
    let from = 0;
    while (from < old.length && from < text.length && old[from] === text[from]) from++;
    let tail = 0;
    while (tail < Math.min(old.length, text.length) - from && old.at(-1 - tail) === text.at(-1 - tail)) tail++;
    this.view.dispatch({ changes: { from, to: old.length - tail, insert: text.slice(from, text.length - tail) }, userEvent: "input.blocks" });
  }

  async lint(view) {
    this.pending?.abort();
    this.pending = new AbortController();
    const { signal } = this.pending;
    const doc = view.state.doc;
    if (!doc.toString().trim()) {
      this.tell({ errors: [] }, []);
      this.status.replaceChildren(t("Write a formula, or start from an example."));
      return [];
    }
    try {
      const report = await ask(this.base, "check", { text: doc.toString() }, signal);
      const diagnostics = diagnosticsOf(report, doc);
      if (!signal.aborted) this.tell({ ...report, text: doc.toString() }, diagnostics);
      return diagnostics;
    } catch (error) {
      if (!signal.aborted) this.tell({ unreachable: error.message }, []);
      return [];
    }
  }

  tell(report, diagnostics) {
    this.status.replaceChildren(...statusLine(report));
    this.problems.hidden = diagnostics.length === 0;
    this.problems.replaceChildren(...diagnostics.map((diagnostic) => this.problemButton(diagnostic)));
    this.area.dispatchEvent(new CustomEvent("formula:checked", { detail: report, bubbles: true }));
  }

  problemButton({ from, severity, problem }) {
    const told = element("span", {}, ...words(problem.message));
    if (problem.hint) told.append(" ", element("span", { class: "hint" }, ...words(problem.hint)));
    const place = element("span", { class: "place" }, `${problem.line}:${problem.column}`);
    const button = element("button", { type: "button", "data-severity": severity }, icon(severity === "error" ? "circle-alert" : "triangle-alert"), place, told);
    button.addEventListener("click", () => {
      this.view.dispatch({ selection: { anchor: from }, scrollIntoView: true });
      this.view.focus();
    });
    return button;
  }

  /** Lays the text out as the language does; where it has errors, they say so already. */
  format() {
    const { doc, selection } = this.view.state;
    ask(this.base, "format", { text: doc.toString() }).then(
      ({ text }) => {
        if (this.view.state.doc !== doc || text === doc.toString()) return;
        const anchor = Math.min(selection.main.head, text.length);
        this.view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, selection: { anchor } });
      },
      (error) => this.status.replaceChildren(element("span", {}, icon("circle-alert"), t("Not laid out: {reason}", { reason: error.message }))),
    );
    return true;
  }

  /** Presses the form's primary button. */
  submit() {
    return this.press("button.btn-primary[type=submit]");
  }

  /** Presses the button that saves and stays. */
  save() {
    return this.press('button[name="next"][value="stay"]');
  }

  press(selector) {
    if (!this.form) return false;
    this.form.requestSubmit([...this.form.elements].find((button) => button.matches?.(selector)));
    return true;
  }
}

/** A piece at a time: all of it at once would hold a slow phone fast. */
async function start(area) {
  await breath();
  const editor = new FormulaEditor(area);
  await breath();
  editor.show();
  await breath();
  startWorkbench(editor);
}

onElements("textarea[data-formula-editor]", start);
