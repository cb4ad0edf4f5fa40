/**
 * A formula's blocks, as the server writes them (docs/blocks.md), as Blockly's, and back. Nothing is lost on the way: what
 * a block does not show (brackets, gaps, comments behind a statement) is kept in its extra state.
 */
import { listText, readList } from "./fields.js";

const KEPT = ["brackets", "gap", "comment", "comments"];

const fieldToText = (value) => (Array.isArray(value) ? null : String(value));

/** A block of the server's as a state of Blockly's serializer. */
export function toState(item) {
  const state = { type: item.type, fields: {}, inputs: {}, extraState: {} };
  for (const [name, value] of Object.entries(item.fields ?? {})) {
    if (name === "OPERATORS") state.fields[name] = value.join(" ");
    else state.fields[name] = fieldToText(value) ?? listText(value);
  }
  for (const [name, inner] of Object.entries(item.inputs ?? {})) state.inputs[name] = { block: toState(inner) };
  for (const key of KEPT) if (key in item) state.extraState[key] = item[key];
  state.extraState.places = Object.keys(item.inputs ?? {}).length;
  if (item.comments?.some((line) => line.trim())) state.icons = { comment: { text: item.comments.join("\n"), pinned: false, width: 240, height: 80 } };
  return state;
}

/** Statements one below the other. */
export function toStack(items) {
  const states = items.map(toState);
  for (let i = states.length - 2; i >= 0; i--) states[i].next = { block: states[i + 1] };
  return states[0] ?? null;
}

/** A block of Blockly's as the server reads it; `withIds` names each block. */
export function fromBlock(block, withIds = true) {
  const item = { type: block.type };
  if (withIds) item.id = block.id;
  const fields = {};
  const inputs = {};
  for (const input of block.inputList) {
    for (const field of input.fieldRow) {
      if (!field.name || !field.SERIALIZABLE) continue;
      const value = fieldOf(block, field);
      if (value !== undefined) fields[field.name] = value;
    }
    const inner = input.connection?.targetBlock();
    if (inner && !inner.isInsertionMarker()) inputs[input.name] = fromBlock(inner, withIds);
  }
  if (Object.keys(fields).length) item.fields = fields;
  if (Object.keys(inputs).length) item.inputs = inputs;
  return Object.assign(item, remarksOf(block));
}

function fieldOf(block, field) {
  const text = String(field.getValue() ?? "");
  const kind = block.entry?.fields.find((one) => one.name === field.name);
  if (field.name === "OPERATORS") return text.split(" ");
  if (kind?.kind === "truth") return text === "true";
  if (text === "" && kind?.optional) return undefined;
  return kind?.kind === "lines" ? readList(text) : text;
}

function remarksOf(block) {
  const kept = { ...block.kept };
  const remark = {};
  if (kept.brackets) remark.brackets = kept.brackets;
  if (block.previousConnection) {
    const text = block.getCommentText() ?? "";
    if (kept.comments && visible(kept.comments) === text) remark.comments = kept.comments;
    else if (text.trim()) remark.comments = text.split("\n").map((line) => line.trim());
    if (kept.comment) remark.comment = kept.comment;
    if (kept.gap) remark.gap = kept.gap;
  }
  return remark;
}

const visible = (comments) => (comments.some((line) => line.trim()) ? comments.join("\n") : "");

/** The statements of a workspace in their order: stacks from the top down. Values that stand alone are no part of it. */
export function statementsOf(workspace) {
  const statements = [];
  for (const top of workspace.getTopBlocks(true)) {
    if (!top.previousConnection || top.isInsertionMarker()) continue;
    for (let block = top; block; block = block.getNextBlock()) if (!block.isInsertionMarker()) statements.push(block);
  }
  return statements;
}

export const looseValues = (workspace) => workspace.getTopBlocks(false).filter((block) => block.outputConnection && !block.isInsertionMarker());

/** Walks the same formula in two forms and tells each pair of blocks' ids. */
export function pairIds(left, right, tell) {
  tell(left.id, right.id);
  for (const [name, inner] of Object.entries(left.inputs ?? {})) if (right.inputs?.[name]) pairIds(inner, right.inputs[name], tell);
}

/** The innermost block on the way that a JSON pointer into a workspace's content goes. */
export function blockAt(content, pointer) {
  let found = null;
  let part = content;
  for (const key of pointer.split("/").slice(1)) {
    part = part?.[key];
    if (part?.type) found = part.id;
  }
  return found;
}
