/**
 * The blocks beside the text. Either follows the other: a text without errors of syntax becomes blocks, changed blocks
 * become text. While the text cannot be read the blocks stay as they were and cannot be changed; while a place among the
 * blocks is empty the text stays as it was. Blockly is fetched when the blocks are first shown.
 */
import { element, icon } from "../dom.js";
import { n, t } from "../words.js";
import { ask } from "./services.js";

const FOLLOW_MS = 250;

export class BlocksPane {
  constructor(bench, editor) {
    this.editor = editor;
    this.pane = bench.querySelector("[data-blocks-pane]");
    this.text = null; // what the blocks show
    this.report = null;
    if (!this.pane) return;
    this.host = this.pane.querySelector("[data-blocks-host]");
    this.status = this.pane.querySelector("[data-blocks-status]");
    editor.area.addEventListener("formula:checked", ({ detail }) => this.checked(detail));
    editor.area.addEventListener("input", () => this.later());
    editor.form?.addEventListener("submit", (event) => this.holdBack(event), true);
    this.pane.addEventListener("click", ({ target }) => this.press(target.closest("[data-blocks-do]")?.dataset.blocksDo));
  }

  setShown(isShown) {
    if (!this.pane) return;
    this.isShown = isShown;
    if (!isShown) return;
    this.opening ??= this.open();
    this.opening.then(
      () => {
        this.workspace.resize();
        this.follow();
      },
      (error) => {
        this.opening = null;
        this.say(t("The blocks cannot be shown: {reason}", { reason: error.message }), "wifi-off");
      },
    );
  }

  async open() {
    this.say(t("Loading the blocks…"), "loader-circle");
    const { src, media } = this.pane.dataset;
    const answer = fetch(`${this.editor.base}blocks/palette/`, { headers: { Accept: "application/json" } });
    const [palette] = await Promise.all([answer.then((response) => response.json()), script(src)]);
    this.host.replaceChildren();
    this.workspace = window.cwBlocks.open(this.host, {
      palette,
      media,
      readOnly: this.editor.area.readOnly,
      search: this.pane.querySelector("[data-blocks-search]"),
      onChange: (content) => this.write(content),
    });
    this.pane.cwBlocks = this.workspace;
    this.say("");
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.follow(), FOLLOW_MS);
  }

  /** The blocks of the text as it stands now. */
  async follow() {
    const text = this.editor.area.value;
    if (!this.isShown || !this.workspace) return;
    this.reading?.abort();
    if (text === this.text) return this.workspace.isLocked && this.setStale(false);
    this.reading = new AbortController();
    try {
      const content = await ask(this.editor.base, "blocks", { text }, this.reading.signal);
      if (text !== this.editor.area.value) return;
      this.text = text;
      this.gap = null;
      this.workspace.show(content);
      this.setStale(false);
      if (this.report?.text === text) this.workspace.showProblems(this.report);
      this.editor.area.dispatchEvent(new CustomEvent("formula:blocks", { bubbles: true }));
    } catch (error) {
      if (error.name !== "AbortError" && text === this.editor.area.value) this.setStale(true, error);
    }
  }

  setStale(isStale, error) {
    this.host.inert = isStale;
    this.workspace.isLocked = isStale;
    this.pane.toggleAttribute("data-stale", isStale);
    if (!isStale) return this.say(this.looseWords(), "info");
    const words = error.problem ? t("The text has an error. The blocks show the formula as it was before, until the text is mended.") : t("The blocks do not follow: {reason}", { reason: error.message });
    const show = element("button", { type: "button", class: "link", "data-view-choice": "both" }, t("Show the text"));
    this.say(words, "circle-alert", show);
  }

  looseWords() {
    const loose = this.workspace?.loose() ?? 0;
    return loose ? n("{count} block stands alone and is not part of the formula.", "{count} blocks stand alone and are not part of the formula.", loose) : "";
  }

  /** The text of changed blocks. */
  async write(content) {
    this.reading?.abort();
    this.writing?.abort();
    this.writing = new AbortController();
    const { signal } = this.writing;
    try {
      const { text, ids } = await ask(this.editor.base, "text", { blocks: content }, signal);
      this.writing = null;
      this.gap = null;
      this.text = text;
      this.workspace.noteIds(ids);
      this.say(this.looseWords(), "info");
      if (this.report && text === this.report.text) this.workspace.showProblems(this.report);
      else this.workspace.showProblems({});
      this.editor.replace(text);
      this.text = this.editor.area.value;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.writing = null;
      const found = error.problem?.tree_error;
      // the interface names the place as programs know it
      this.gap = found?.kind === "empty_input" ? t("a place of the marked block is empty") : (found?.message ?? error.message);
      this.workspace.showGap(content, found?.node ?? "", this.gap);
      this.say(t("The text waits for the blocks: {reason}", { reason: this.gap.replaceAll("`", "") }), "triangle-alert");
    }
  }

  checked(report) {
    if (report.unreachable) return;
    this.report = report;
    if (this.workspace && report.text === this.text && !this.gap) this.workspace.showProblems(report);
  }

  /** What is being changed among the blocks is written into the text before the form is sent. */
  holdBack(event) {
    if (!this.isShown || !this.workspace) return;
    this.workspace.settle();
    if (!this.writing && !this.gap) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.gap) return;
    const { submitter } = event;
    const form = this.editor.form;
    const wait = () => (this.writing ? setTimeout(wait, 30) : !this.gap && form.requestSubmit(submitter?.form === form ? submitter : null));
    wait();
  }

  press(what) {
    if (!what || !this.workspace) return;
    if (what === "undo" || what === "redo") this.workspace.undo(what === "redo");
    else this.workspace.zoom(what === "larger" ? 1 : -1);
  }

  /** Paints the blocks with what each was on a bar. */
  paint(values) {
    this.workspace?.paint(values);
  }

  say(words, name, ...more) {
    this.status.hidden = !words;
    this.status.replaceChildren(...(words ? [icon(name), element("span", {}, words, " ", ...more)] : []));
  }
}

function script(src) {
  return new Promise((resolve, reject) => {
    if (window.cwBlocks) return resolve();
    const node = element("script", { src });
    node.addEventListener("load", resolve);
    node.addEventListener("error", () => {
      node.remove();
      reject(new Error(t("the server cannot be reached.")));
    });
    document.head.append(node);
  });
}
