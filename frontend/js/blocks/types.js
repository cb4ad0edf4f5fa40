/**
 * What a block's value is: number, truth, text, many (a function of several values) or any (not known yet), and whether
 * it may stand in a place. Blockly asks `FormulaChecker` before it joins two blocks, so that none can be joined wrongly.
 * What comes from the text is joined as it stands, since the checker of the language says what is wrong in it.
 */
import * as Blockly from "blockly/core";

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
const LOGIC = ["and", "or"];
const DEEPEST = 40;

/** Names of the formula in a workspace with what they are. The definitions' values are read when asked for. */
export function namesOf(workspace) {
  const names = new Map();
  for (const block of workspace.getAllBlocks(false)) {
    if (block.isInFlyout) continue;
    if (block.type === "definition") names.set(block.getFieldValue("NAME"), block);
    else if (block.type.startsWith("input_")) names.set(block.getFieldValue("NAME"), block);
  }
  return names;
}

export function resultOf(block, depth = 0) {
  if (!block || depth > DEEPEST) return "any";
  const of = (input) => resultOf(block.getInputTargetBlock(input), depth + 1);
  switch (block.type) {
    case "name":
      return typeOfName(block, depth);
    case "chain": {
      const operator = block.getFieldValue("OPERATOR1");
      return COMPARISONS.includes(operator) || LOGIC.includes(operator) ? "truth" : "number";
    }
    case "unary":
      return String(block.getFieldValue("OPERATORS")).startsWith("not") ? "truth" : "number";
    case "history":
      return of("OF");
    case "choice":
      return [of("THEN0"), of("ELSE")].find((type) => type !== "any") ?? "any";
    case "call_tf":
      return of("VALUE");
    default:
      return block.entry?.result ?? "any";
  }
}

function typeOfName(block, depth) {
  const name = block.getFieldValue("NAME");
  const known = block.known?.get(name);
  if (known) return known;
  const source = namesOf(rootOf(block.workspace)).get(name);
  if (!source) return "any";
  if (source.type === "definition") return resultOf(source.getInputTargetBlock("VALUE"), depth + 1);
  return { input_number: "number", input_truth: "truth", input_text: "text" }[source.type];
}

/** A flyout's names are those of the workspace it belongs to. */
export const rootOf = (workspace) => workspace.targetWorkspace ?? workspace;

/** Whether a block's value is known before the first bar: numbers, inputs, and what is calculated of them. */
export function isConstant(block, depth = 0) {
  if (!block || depth > DEEPEST) return false;
  if (["number", "text", "truth"].includes(block.type)) return true;
  if (block.type === "name") {
    const source = namesOf(rootOf(block.workspace)).get(block.getFieldValue("NAME"));
    if (source?.type === "definition") return isConstant(source.getInputTargetBlock("VALUE"), depth + 1);
    return Boolean(source);
  }
  if (!["chain", "unary"].includes(block.type)) return false;
  return block.inputList.filter((input) => input.connection).every((input) => isConstant(input.connection.targetBlock(), depth + 1));
}

/** What a place takes: its palette's word, sharpened by what stands beside it (both sides of a comparison are alike). */
export function acceptedBy(connection) {
  const block = connection.getSourceBlock();
  const name = connection.getParentInput()?.name ?? "";
  const beside = (pattern) =>
    block.inputList
      .filter((input) => input.connection && input.name !== name && pattern.test(input.name))
      .map((input) => resultOf(input.connection.targetBlock()))
      .find((type) => type !== "any");
  if (block.type === "chain") {
    const operator = block.getFieldValue("OPERATOR1");
    if (LOGIC.includes(operator)) return "truth";
    if (["==", "!="].includes(operator)) return beside(/^TERM/) ?? "one";
    return "number";
  }
  if (block.type === "choice") return name.startsWith("IF") ? "truth" : (beside(/^(THEN|ELSE)/) ?? "one");
  if (block.type === "unary") return String(block.getFieldValue("OPERATORS")).endsWith("not") ? "truth" : "number";
  if (block.type === "definition") return "any";
  const accepts = block.entry?.inputs.find((input) => input.name === name)?.accepts;
  if (!accepts && name.startsWith("ARGUMENT")) return "number";
  return accepts === "any" ? "one" : (accepts ?? "any");
}

/** Whether a block may stand in the place of `connection`. */
export function fits(connection, block) {
  const accepts = acceptedBy(connection);
  const result = resultOf(block);
  if (accepts === "any") return true;
  if (accepts === "constant") return result !== "many" && isConstant(block);
  if (accepts === "one") return result !== "many";
  return result === "any" || result === accepts;
}

/** Asked while a person moves a block; what is loaded, pasted or taken back is joined as it is given. */
export class FormulaChecker extends Blockly.ConnectionChecker {
  static lenient = false; // while blocks are written by the program: what people may not write is let through

  doTypeChecks() {
    return true;
  }

  canConnectWithReason(a, b, isDragging, distance) {
    const reason = super.canConnectWithReason(a, b, isDragging, distance);
    if (reason !== Blockly.Connection.CAN_CONNECT || !isDragging) return reason;
    const [input, output] = a.type === Blockly.ConnectionType.INPUT_VALUE ? [a, b] : [b, a];
    if (input.type !== Blockly.ConnectionType.INPUT_VALUE || fits(input, output.getSourceBlock())) return reason;
    return Blockly.Connection.REASON_CHECKS_FAILED;
  }
}

const SHAPES = { number: "Number", truth: "Boolean", text: "String", many: "Many" };

/** Outlines follow what a value is: a series becomes a truth when its definition does. */
export function reshape(workspace) {
  for (const block of workspace.getAllBlocks(false)) {
    if (!block.outputConnection || block.isInsertionMarker()) continue;
    const wanted = SHAPES[resultOf(block)] ?? null;
    if ((block.outputConnection.getCheck()?.[0] ?? null) !== wanted) block.outputConnection.setCheck(wanted);
  }
}

/** While `work` runs, what stands in fields is taken as it is given. */
export function leniently(work) {
  const before = FormulaChecker.lenient;
  FormulaChecker.lenient = true;
  try {
    return work();
  } finally {
    FormulaChecker.lenient = before;
  }
}
