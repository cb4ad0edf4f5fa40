/** Blockly's blocks, made from the server's palette: one type each, with its fields and places. */
import * as Blockly from "blockly/core";
import { toState } from "./convert.js";
import { FieldButton, OpenChoice, listText } from "./fields.js";
import { t } from "../words.js";
import { FormulaChecker, namesOf, rootOf } from "./types.js";

const UNLABELLED = ["src", "a", "b", "x", "y"]; // parameters that need no name beside their place
const WORDS = { LOW: t("from"), HIGH: t("to"), STEP: t("step"), LABEL: t("label"), CHOICES: t("one of"), DEFAULT: "=" };
const RARE = ["STEP", "LABEL"];
const LEVELS = [["or"], ["and"], ["==", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]];
const GROUPS = [["and", "or"], ["==", "!=", "<", "<=", ">", ">="], ["+", "-", "*", "/", "%"]];
const SIGNS = { "-": "−", "*": "×", "/": "÷", "<=": "≤", ">=": "≥", "!=": "≠", "==": "=" };
const MOST_CASES = 12;
const written = (operator) => [SIGNS[operator] ?? operator, operator];

/** The palette's entry for a type; `chain`, `unary` and `name` have several, and the first serves for their fields. */
function entriesByType(palette) {
  const entries = new Map();
  for (const entry of palette.blocks) if (!entries.has(entry.type)) entries.set(entry.type, entry);
  return entries;
}

export function defineBlocks(palette) {
  const entries = entriesByType(palette);
  const bar = palette.blocks.filter((entry) => entry.type === "name" && entry.category !== "values");
  const known = new Map([...bar.map((entry) => [entry.label, entry.result]), ["na", "number"]]);
  for (const [type, entry] of entries) Blockly.Blocks[type] = { ...base(entry), ...(BUILDERS[type] ?? {}), known };
  Blockly.Blocks.call = { ...base({ type: "call", label: "", summary: t("a function that does not exist"), colour: "function", result: "any", fields: [], inputs: [] }), ...UNKNOWN_CALL };
}

/** What all blocks share. `places` is how many values a block of changing size has. */
function base(entry) {
  return {
    init() {
      this.entry = entry;
      this.kept = {};
      this.setStyle(`${entry.colour}_blocks`);
      this.setTooltip(() => [this.told, entry.signature ?? entry.label, entry.summary].filter(Boolean).join("\n"));
      this.setInputsInline(true);
      if (entry.shape === "statement") {
        this.setPreviousStatement(true, "statement");
        this.setNextStatement(true, "statement");
      } else {
        this.setOutput(true, null); // its shape comes from what it is, see reshape
      }
      this.build(this.leastPlaces());
    },
    leastPlaces: () => entry.inputs.length,
    build(places) {
      this.places = places;
      const word = entry.shape === "statement" || entry.type.startsWith("call_") ? entry.label : "";
      const fields = entry.fields.map((field) => [field, makeField(field, this)]);
      const first = this.appendDummyInput("HEAD");
      if (word && entry.type !== "definition") first.appendField(word);
      for (const [field, made] of fields) {
        if (field.name === "NAME" && entry.type === "plot") continue;
        if (RARE.includes(field.name)) continue;
        if (WORDS[field.name]) first.appendField(WORDS[field.name]);
        first.appendField(made, field.name);
      }
      if (entry.type === "definition") first.appendField("=");
      this.addRare(fields.filter(([field]) => RARE.includes(field.name)));
      for (const input of entry.inputs) {
        const place = this.appendValueInput(input.name);
        if (input.label && entry.inputs.length > 1 && !UNLABELLED.includes(input.label)) place.appendField(input.label);
        if (entry.type === "alert") place.appendField("when");
      }
      if (entry.type === "plot") this.appendDummyInput("TAIL").appendField("as").appendField(fields[0][1], "NAME");
      if (entry.repeats) this.addMore(places - entry.inputs.length);
    },
    /** What is seldom given stays folded away until it is there or asked for. */
    addRare(fields) {
      if (!fields.length) return;
      const rare = this.appendDummyInput("RARE");
      for (const [field, made] of fields) rare.appendField(WORDS[field.name]).appendField(made, field.name);
      this.appendDummyInput("BUTTONS").appendField(new FieldButton("…", t("Step and label"), () => this.unfold(!rare.isVisible())));
      rare.setVisible(false);
    },
    unfold(isOpen) {
      const rare = this.getInput("RARE");
      if (!rare || rare.isVisible() === isOpen) return;
      rare.setVisible(isOpen);
      this.queueRender?.();
    },
    /** Further arguments of a function that takes any number of them. */
    addMore(count) {
      for (let i = 0; i < count; i++) this.appendValueInput(`ARGUMENT${entry.inputs.length + i + 1}`);
      this.addButtons(entry.inputs.length, entry.repeats.most ?? 64);
    },
    addButtons(least, most) {
      const end = this.appendDummyInput("BUTTONS");
      if (this.places > least) end.appendField(new FieldButton("−", t("Take away the last place"), (block) => resize(block, block.places - 1)));
      if (this.places < most) end.appendField(new FieldButton("+", t("Add a place"), (block) => resize(block, block.places + 1, true)));
    },
    saveExtraState() {
      return { ...this.kept, places: this.places };
    },
    loadExtraState({ places, ...kept }) {
      this.kept = kept;
      if (places !== undefined && places > this.leastPlaces() - 1 && places !== this.places && this.canChange()) this.rebuild(places);
    },
    canChange: () => Boolean(entry.repeats),
    rebuild(places) {
      const fields = [...this.getFields()].filter((field) => field.name).map((field) => [field.name, field.getValue()]);
      const inner = this.inputList.filter((input) => input.connection?.targetBlock()).map((input) => [input.name, input.connection.targetBlock()]);
      for (const [, block] of inner) block.outputConnection.disconnect();
      for (const input of [...this.inputList]) this.removeInput(input.name);
      this.build(places);
      for (const [name, value] of fields) if (this.getField(name)) this.setFieldValue(value, name);
      for (const [name, block] of inner) this.getInput(name)?.connection.connect(block.outputConnection);
    },
  };
}

const BUILDERS = {
  name: {
    build() {
      const offered = () => {
        const own = [...namesOf(rootOf(this.workspace)).keys()].filter(Boolean);
        return [...new Set([...own, ...this.known.keys()])].map((name) => [name, name]);
      };
      this.appendDummyInput("HEAD").appendField(new OpenChoice(offered, "close"), "NAME");
    },
  },
  number: {
    build() {
      this.appendDummyInput("HEAD").appendField(new Blockly.FieldTextInput("1", unsigned), "NUMBER");
    },
  },
  text: {
    build() {
      this.appendDummyInput("HEAD").appendField("“").appendField(new Blockly.FieldTextInput(""), "TEXT").appendField("”");
    },
  },
  unary: {
    build() {
      const offered = [["−", "-"], ["not", "not"]];
      this.appendDummyInput("HEAD").appendField(new OpenChoice(offered, "-"), "OPERATORS");
      this.appendValueInput("OF");
    },
  },
  history: {
    build() {
      this.appendValueInput("OF");
      this.appendDummyInput("MIDDLE").appendField(",");
      this.appendValueInput("AGO");
      this.appendDummyInput("TAIL").appendField(t("bars ago"));
    },
  },
  field: {
    build() {
      const offered = () => {
        const options = this.entry.fields[0].options;
        const name = this.getInputTargetBlock?.("OF")?.type.replace("call_", "");
        const own = options.filter((option) => option.functions.includes(name));
        return (own.length ? own : options).map((option) => [option.label, option.value]);
      };
      this.appendDummyInput("HEAD").appendField(new OpenChoice(offered, "macd"), "NAME").appendField("of");
      this.appendValueInput("OF");
    },
  },
  chain: {
    leastPlaces: () => 2,
    canChange: () => true,
    build(places) {
      this.places = places;
      this.appendValueInput("TERM0");
      for (let i = 1; i < places; i++) {
        const offered = () => {
          const present = this.getFieldValue("OPERATOR1");
          const alike = (this.places > 2 ? LEVELS : GROUPS).find((group) => group.includes(present)) ?? GROUPS[2];
          return alike.map(written);
        };
        this.appendValueInput(`TERM${i}`).appendField(new OpenChoice(offered, "+"), `OPERATOR${i}`);
      }
      this.addButtons(2, 24);
    },
    newField(i) {
      this.setFieldValue(this.getFieldValue(`OPERATOR${i - 1}`), `OPERATOR${i}`);
    },
  },
  choice: {
    leastPlaces: () => 3, // a condition, its value, and the one for otherwise
    canChange: () => true,
    build(places) {
      this.places = places;
      const cases = Math.floor(places / 2);
      for (let i = 0; i < cases; i++) {
        this.appendValueInput(`IF${i}`).appendField(i ? "else if" : "if");
        this.appendValueInput(`THEN${i}`).appendField("then");
      }
      this.appendValueInput("ELSE").appendField("else");
      const end = this.appendDummyInput("BUTTONS");
      if (cases > 1) end.appendField(new FieldButton("−", t("Take away the last case"), (block) => resize(block, block.places - 2)));
      if (cases < MOST_CASES) end.appendField(new FieldButton("+", t("Add a case"), (block) => resize(block, block.places + 2, true)));
    },
  },
};

const UNKNOWN_CALL = {
  leastPlaces: () => 0,
  canChange: () => true,
  build(places) {
    this.places = places;
    this.appendDummyInput("HEAD").appendField(new Blockly.FieldTextInput("unknown"), "NAME");
    for (let i = 1; i <= places; i++) this.appendValueInput(`ARGUMENT${i}`);
  },
};

/** Gives a block other places, as one step that can be undone; new ones are filled with what the palette offers. */
function resize(block, places, isMore = false) {
  const group = Blockly.Events.getGroup();
  if (!group) Blockly.Events.setGroup(true);
  const before = JSON.stringify(block.saveExtraState());
  block.rebuild(places);
  const changed = Blockly.Events.get(Blockly.Events.BLOCK_CHANGE);
  Blockly.Events.fire(new changed(block, "mutation", null, before, JSON.stringify(block.saveExtraState())));
  if (isMore) fill(block);
  if (!group) Blockly.Events.setGroup(false);
}

function fill(block) {
  if (block.type === "chain") block.newField(block.places - 1);
  for (const input of block.inputList) {
    if (!input.connection || input.connection.targetBlock()) continue;
    const offered = block.entry.inputs.find((one) => one.name === input.name.replace(/\d+$/, (digits) => (input.name.startsWith("TERM") ? "1" : digits ? "0" : "")));
    const wanted = block.type === "chain" && ["and", "or"].includes(block.getFieldValue("OPERATOR1")) ? RISES : (offered?.default ?? { type: "name", fields: { NAME: "close" } });
    const inner = Blockly.serialization.blocks.append(toState(wanted), block.workspace, { recordUndo: true });
    input.connection.connect(inner.outputConnection);
  }
}

const named = (name) => ({ type: "name", fields: { NAME: name } });
const RISES = { type: "chain", fields: { OPERATOR1: ">" }, inputs: { TERM0: named("close"), TERM1: named("open") } };

// Validators: null refuses what a person writes. What comes from the text stands as it is.
const ofPeople = (check) => (text) => (FormulaChecker.lenient ? text : check(text.trim()));
const NUMBER = /^-?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?%?$/i;
const trimmed = ofPeople((text) => text || null);
const signed = ofPeople((text) => (NUMBER.test(text) ? text : null));
const unsigned = ofPeople((text) => (NUMBER.test(text) && !text.startsWith("-") ? text : null));
const signedOrNone = ofPeople((text) => (text === "" || NUMBER.test(text) ? text : null));

function makeField(field, block) {
  const { kind, default: given, optional } = field;
  if (kind === "truth") return new OpenChoice([["true", "true"], ["false", "false"]], String(given ?? true));
  if (kind === "option") return new OpenChoice(field.options.map(({ label, value }) => [label, value]), given);
  if (kind === "number") return new Blockly.FieldTextInput(given ?? "", optional ? signedOrNone : signed);
  if (kind === "lines") return new Blockly.FieldTextInput(given && !optional ? listText(given) : "");
  if (kind === "name" && block.previousConnection) return new Blockly.FieldTextInput(given ?? "", trimmed);
  return new Blockly.FieldTextInput(given ?? "");
}
