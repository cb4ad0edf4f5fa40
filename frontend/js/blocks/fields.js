/** Fields of our own: a choice that keeps what it is given, and a small button inside a block. */
import * as Blockly from "blockly/core";

/** A dropdown whose present value may be one that is not offered: what the text says is never changed by showing it. */
export class OpenChoice extends Blockly.FieldDropdown {
  constructor(offered, value) {
    super(Blockly.Field.SKIP_SETUP);
    this.setOptions(() => {
      const found = typeof offered === "function" ? offered() : offered;
      const present = this.value_;
      const isKnown = present === null || present === undefined || found.some((option) => option[1] === present);
      return isKnown ? found : [[String(present), String(present)], ...found];
    });
    if (value !== undefined) this.setValue(value);
  }

  doClassValidation_(value) {
    return value === null || value === undefined ? null : String(value);
  }

  doValueUpdate_(value) {
    this.value_ = value; // before the options are asked for, which hold it
    this.getOptions(false);
    super.doValueUpdate_(value);
    this.isDirty_ = true;
  }
}

/** Text that is pressed: adds or takes away a place. */
export class FieldButton extends Blockly.Field {
  constructor(text, label, act) {
    super(text);
    this.act = act;
    this.EDITABLE = true;
    this.SERIALIZABLE = false;
    this.CURSOR = "pointer";
    this.setTooltip(label);
  }

  showEditor_() {
    this.act(this.getSourceBlock());
  }

  getText_() {
    return this.getValue();
  }
}

/** A list of texts as one line: with commas between, or as JSON where a text holds what commas would hide. */
export const listText = (list) => (list.length && list.every((one) => one && !/[,[\]]/.test(one) && one.trim() === one) ? list.join(", ") : JSON.stringify(list));

export function readList(text) {
  if (text.startsWith("[")) {
    try {
      return JSON.parse(text);
    } catch {
      // half written: read as it stands
    }
  }
  return text.split(",").map((one) => one.trim());
}
