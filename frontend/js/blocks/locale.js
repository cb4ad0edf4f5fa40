/** Blockly's own words in the page's language. */
import * as Blockly from "blockly/core";
import * as English from "blockly/msg/en";
import * as Hindi from "blockly/msg/hi";
import * as Indonesian from "blockly/msg/id";
import * as Turkish from "blockly/msg/tr";

const LANGUAGES = { hi: Hindi, id: Indonesian, tr: Turkish };

Blockly.setLocale({ ...English, ...LANGUAGES[document.documentElement.lang.slice(0, 2)] });
