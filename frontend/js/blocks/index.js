/**
 * A formula as blocks: `cwBlocks.open(host, options)` fills an element with a workspace and answers with what the editor
 * needs of it. A bundle of its own, fetched when the blocks are first asked for.
 *
 * options: palette (the server's), media (Blockly's pictures), readOnly, onChange(content) with the formula as blocks.
 */
import "./locale.js"; // first: the next reads Blockly's words as it is loaded
import { KeyboardNavigation } from "@blockly/keyboard-navigation";
import * as Blockly from "blockly/core";
import { t } from "../words.js";
import { blockAt, fromBlock, looseValues, pairIds, statementsOf, toStack } from "./convert.js";
import { defineBlocks } from "./define.js";
import { theme } from "./look.js";
import { bindSearch, ownSeries, toolboxOf } from "./toolbox.js";
import { FormulaChecker, leniently, reshape } from "./types.js";

const SETTLE_MS = 160; // after the last change of a block, before the text is asked for
const PHONE = "(width < 768px)";
const VERSION = 1;
const MARGIN = 14; // pixels left free beside the first block

Blockly.registry.register(Blockly.registry.Type.CONNECTION_CHECKER, "formula", FormulaChecker, true);
KeyboardNavigation.registerKeyboardNavigationStyles();
KeyboardNavigation.registerFlyoutCursor(); // each flyout asks for it, and without it says in the console that there is none

/** The plugin walks through the toolbox, too; its own registering of such a toolbox calls itself without end in 3.0.5. */
class QuietToolbox extends Blockly.Toolbox {
  onKeyDown_() {}
}
Blockly.registry.register(Blockly.registry.Type.TOOLBOX, Blockly.registry.DEFAULT, QuietToolbox, true);

const plain = (item) => JSON.stringify(item, (key, value) => (key === "id" ? undefined : value));

class Workspace {
  constructor(host, { palette, media, readOnly, onChange, search }) {
    defineBlocks(palette);
    this.host = host;
    this.onChange = onChange;
    this.closing = undefined; // comments below the last statement
    this.last = "[]"; // the statements as they were last told or shown
    this.blockOf = new Map(); // by node of the tree, the block's id
    const phone = matchMedia(PHONE).matches;
    this.workspace = Blockly.inject(host, {
      toolbox: readOnly ? null : toolboxOf(palette),
      horizontalLayout: phone,
      toolboxPosition: phone ? "end" : "start",
      renderer: "formula",
      theme: theme(),
      media,
      readOnly,
      sounds: false,
      trashcan: false,
      comments: true,
      collapse: true,
      disable: false,
      plugins: { connectionChecker: "formula" },
      zoom: { controls: false, wheel: false, pinch: true, startScale: phone ? 0.8 : 0.86, minScale: 0.5, maxScale: 1.6 },
      move: { scrollbars: true, drag: true, wheel: true },
    });
    if (!readOnly) {
      this.workspace.registerToolboxCategoryCallback("OWN_SERIES", (workspace) => ownSeries(workspace, palette));
      this.keyboard = new KeyboardNavigation(this.workspace);
      bindSearch(search, this.workspace, palette);
    }
    this.workspace.addChangeListener((event) => this.hear(event));
    this.onTheme = () => this.workspace.setTheme(theme());
    document.addEventListener("cw:preferences", this.onTheme);
    new ResizeObserver(() => Blockly.svgResize(this.workspace)).observe(host);
  }

  /** The formula, with the ids of its blocks. */
  content() {
    const content = { version: VERSION, blocks: statementsOf(this.workspace).map((block) => fromBlock(block)) };
    if (this.closing) content.closing_comments = this.closing;
    return content;
  }

  hear(event) {
    if (event.type === Blockly.Events.BLOCK_CHANGE && event.element === "field" && event.name === "NAME") this.rename(event);
    if (event.isUiEvent) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle(), SETTLE_MS);
  }

  settle() {
    if (this.isLocked) return; // what is shown is not what the text says
    if (this.workspace.isDragging() || this.keyboard?.navigationController?.isMoving?.()) {
      this.timer = setTimeout(() => this.settle(), SETTLE_MS);
      return;
    }
    reshape(this.workspace);
    const content = this.content();
    const now = plain(content.blocks);
    if (now === this.last) return;
    this.last = now;
    this.onChange(content);
  }

  /** Who renames a series renames it wherever it is read. */
  rename(event) {
    const { blockId, oldValue, newValue } = event;
    const block = this.workspace.getBlockById(blockId);
    if (!block || !(block.type === "definition" || block.type.startsWith("input_")) || this.workspace.isClearing || !oldValue || this.showing) return;
    const others = statementsOf(this.workspace).some((one) => one !== block && one.getFieldValue("NAME") === oldValue && one.type !== "plot");
    if (others) return;
    event.group ||= Blockly.utils.idGenerator.genUid(); // so that one undo takes all of it back
    Blockly.Events.setGroup(event.group);
    for (const reader of this.workspace.getBlocksByType("name", false)) {
      if (reader.getFieldValue("NAME") === oldValue) reader.setFieldValue(newValue, "NAME");
    }
    Blockly.Events.setGroup(false);
  }

  /** Shows the server's blocks: statements that did not change stay as they are, and so do what stands loose and the view. */
  show(content) {
    this.closing = content.closing_comments;
    const there = statementsOf(this.workspace);
    const old = there.map((block) => plain(fromBlock(block)));
    const now = content.blocks.map(plain);
    let head = 0;
    while (head < old.length && head < now.length && old[head] === now[head]) head++;
    let tail = 0;
    while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
    if (head + tail < Math.max(old.length, now.length)) {
      this.showing = true;
      Blockly.Events.setGroup(true);
      try {
        leniently(() => this.replace(there, head, tail, content.blocks.slice(head, content.blocks.length - tail)));
      } finally {
        Blockly.Events.setGroup(false);
        this.showing = false;
      }
    }
    for (const block of statementsOf(this.workspace)) if (block.getFieldValue("STEP") || block.getFieldValue("LABEL")) block.unfold(true);
    reshape(this.workspace);
    this.last = plain(this.content().blocks);
    this.note(content);
    if (!old.length && now.length) this.startAtTop();
  }

  replace(there, head, tail, items) {
    const before = there[head - 1];
    const after = there[there.length - tail];
    const place = there[head]?.getRelativeToSurfaceXY() ?? { x: 24, y: 24 };
    for (const block of there.slice(head, there.length - tail)) block.dispose(true);
    const stack = toStack(items);
    if (!stack) return;
    const first = Blockly.serialization.blocks.append(stack, this.workspace, { recordUndo: true });
    let end = first;
    while (end.getNextBlock()) end = end.getNextBlock();
    if (before) before.nextConnection.connect(first.previousConnection);
    else first.moveTo(new Blockly.utils.Coordinate(place.x, place.y));
    if (after && end.getNextBlock() !== after) end.nextConnection.connect(after.previousConnection);
  }

  /** Remembers which block is which node of the tree that `content` is of. */
  note(content) {
    this.blockOf.clear();
    const own = this.content();
    content.blocks.forEach((item, i) => own.blocks[i] && pairIds(item, own.blocks[i], (node, id) => this.blockOf.set(node, id)));
  }

  /** The same, by the server's answer to blocks that were sent. */
  noteIds(ids) {
    this.blockOf = new Map(Object.entries(ids));
  }

  blockAtNode(node) {
    for (let part = node; part; part = part.slice(0, part.lastIndexOf("/"))) {
      if (this.blockOf.has(part)) return this.workspace.getBlockById(this.blockOf.get(part));
    }
    return null;
  }

  /** Shows the checker's findings on the blocks they belong to. */
  showProblems(report) {
    this.clear("cw-problem", "cw-warned");
    const words = new Map();
    for (const [problems, mark] of [[report.errors ?? [], "cw-problem"], [report.warnings ?? [], "cw-warned"]]) {
      for (const problem of problems) {
        const block = this.blockAtNode(problem.node ?? "");
        if (!block) continue;
        block.getSvgRoot().classList.add(mark);
        words.set(block, [...(words.get(block) ?? []), [problem.message, problem.hint].filter(Boolean).join(" ").replaceAll("`", "")]);
      }
    }
    for (const [block, told] of words) block.setWarningText(told.join("\n"), "checker");
  }

  /** Shows that something is missing where a pointer into `content` leads. */
  showGap(content, pointer, message) {
    this.clear("cw-problem", "cw-warned");
    const block = this.workspace.getBlockById(blockAt(content, pointer) ?? "");
    block?.getSvgRoot().classList.add("cw-problem");
    block?.setWarningText(message, "checker");
    return block;
  }

  clear(...marks) {
    for (const block of this.workspace.getAllBlocks(false)) {
      block.getSvgRoot().classList.remove(...marks);
      block.setWarningText(null, "checker");
    }
  }

  /** Paints what each part was on a bar: true, false, or a value that its tooltip tells. Null takes the paint away. */
  paint(values) {
    for (const block of this.workspace.getAllBlocks(false)) {
      block.getSvgRoot().classList.remove("cw-true", "cw-false");
      block.told = "";
    }
    for (const [node, value] of Object.entries(values ?? {})) {
      const block = this.workspace.getBlockById(this.blockOf.get(node) ?? "");
      if (!block) continue;
      if (typeof value === "boolean") block.getSvgRoot().classList.add(value ? "cw-true" : "cw-false");
      block.told = t("On this bar: {value}", { value: value === null ? "na" : value });
    }
  }

  loose() {
    return looseValues(this.workspace).length;
  }

  undo(isRedo) {
    this.workspace.undo(isRedo);
  }

  zoom(steps) {
    this.workspace.zoomCenter(steps);
  }

  focus() {
    Blockly.getFocusManager().focusTree(this.workspace);
  }

  resize() {
    Blockly.svgResize(this.workspace);
    this.startAtTop(); // a narrower place would begin in the middle of a line
  }

  /** Brings the first block beside the toolbox, once all is drawn: only then it is known where each stands. */
  async startAtTop() {
    await Blockly.renderManagement.finishQueuedRenders();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const first = statementsOf(this.workspace)[0]?.getSvgRoot().getBoundingClientRect();
    if (!first) return;
    const host = this.host.getBoundingClientRect();
    const toolbox = this.workspace.options.horizontalLayout ? null : this.host.querySelector(".blocklyToolbox");
    const left = toolbox ? toolbox.getBoundingClientRect().right : host.left;
    this.workspace.scroll(this.workspace.scrollX + left + MARGIN - first.left, this.workspace.scrollY + host.top + MARGIN - first.top);
  }
}

window.cwBlocks = { open: (host, options) => new Workspace(host, options) };
