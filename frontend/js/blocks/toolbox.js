/** The blocks one can drag out: by category, and found by words. */
import * as Blockly from "blockly/core";
import { t } from "../words.js";
import { toState } from "./convert.js";
import { namesOf } from "./types.js";

const MOST_FOUND = 24;

const dragged = (entry) => ({ kind: "block", ...toState(entry.new) });

export function toolboxOf(palette) {
  return {
    kind: "categoryToolbox",
    contents: palette.categories.map(({ key, label, colour }) => ({
      kind: "category",
      name: label,
      toolboxitemid: key,
      categorystyle: `${colour}_category`,
      ...(key === "series" ? { custom: "OWN_SERIES" } : { contents: palette.blocks.filter((entry) => entry.category === key).map(dragged) }),
    })),
  };
}

/** The category of the formula's own names: how one is made, and one block for each there is. */
export function ownSeries(workspace, palette) {
  const made = palette.blocks.filter((entry) => entry.category === "series").map(dragged);
  const names = [...namesOf(workspace).keys()].filter(Boolean);
  return [...made, ...names.map((name) => ({ kind: "block", ...toState({ type: "name", fields: { NAME: name } }) }))];
}

/** Blocks whose name, signature or summary holds all words; those whose name begins so first. */
export function found(palette, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (entry) => {
    const name = `${entry.label} ${entry.type.replace("call_", "")}`.toLowerCase();
    if (name.startsWith(wanted[0]) || entry.type === `call_${wanted[0]}`) return 0;
    return name.includes(wanted[0]) ? 1 : 2;
  };
  return palette.blocks
    .filter((entry) => wanted.every((word) => `${entry.label} ${entry.type} ${entry.signature ?? ""} ${entry.summary} ${entry.category}`.toLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MOST_FOUND)
    .map(dragged);
}

/** A field above the blocks; what it finds is shown where a category's blocks are. */
export function bindSearch(field, workspace, palette) {
  const flyout = () => workspace.getFlyout();
  field.addEventListener("input", () => {
    workspace.getToolbox()?.clearSelection();
    if (!field.value.trim()) return flyout().hide();
    const blocks = found(palette, field.value);
    flyout().show(blocks.length ? blocks : [{ kind: "label", text: t("No block is called so.") }]);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      field.value = "";
      flyout().hide();
    } else if ((event.key === "Enter" || event.key === "ArrowDown") && flyout().isVisible()) {
      event.preventDefault();
      Blockly.getFocusManager().focusTree(flyout().getWorkspace());
    }
  });
  workspace.addChangeListener((event) => {
    if (!field.value || ![Blockly.Events.BLOCK_CREATE, Blockly.Events.TOOLBOX_ITEM_SELECT].includes(event.type)) return;
    field.value = "";
    if (event.type === Blockly.Events.BLOCK_CREATE) flyout().hide();
  });
}
