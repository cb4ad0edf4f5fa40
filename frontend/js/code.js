/**
 * Code to read: `pre.codeblock`, and fenced code in prose. Lines that are too long go on indented below themselves, formulas
 * (`data-formula-code`, or a fence marked `formula`) are coloured as in the editor, also a `code` within a line, and in
 * the application a block can be copied. Without scripts the text stands there all the same.
 */
import { element, icon, onElements } from "./dom.js";
import { token } from "./formula_words.js";
import { t } from "./words.js";

const COLOURS = {
  keyword: "keyword",
  macroName: "function",
  propertyName: "function",
  number: "number",
  atom: "number",
  string: "string",
  comment: "comment",
  typeName: "series",
  operator: "operator",
};

/** What `token` reads a line through, as CodeMirror's StringStream does. */
class Line {
  constructor(string) {
    this.string = string;
    this.start = 0;
    this.pos = 0;
  }

  eatSpace() {
    return Boolean(this.match(/^\s+/));
  }

  match(pattern, consume = true) {
    const found = pattern.exec(this.string.slice(this.pos));
    if (found && consume) this.pos += found[0].length;
    return found;
  }

  current() {
    return this.string.slice(this.start, this.pos);
  }

  next() {
    this.pos += 1;
  }
}

function coloured(text) {
  const line = new Line(text);
  const parts = [];
  while (line.pos < text.length) {
    line.start = line.pos;
    const colour = COLOURS[token(line)];
    parts.push(colour ? element("span", { class: `code-${colour}` }, line.current()) : line.current());
  }
  return parts;
}

/**
 * Words of a program: a flag or a name is not broken after its hyphens, nor the `\` at a line's end parted from the word
 * before it; a word that fills a line is broken behind its signs.
 */
function plain(text) {
  return text.split(/(\S{24,}(?: \\$)?|\S{1,23} \\$)/).flatMap((part, place, parts) => {
    if (place % 2 === 0) return joined(part);
    const end = part.endsWith(" \\") ? part.slice(part.length < 26 ? 0 : -8) : "";
    const word = part.slice(0, part.length - end.length);
    if (!word) return [whole(end)];
    const pieces = word.split(/(?<=[/(|,=])/).flatMap((piece, i) => (i ? [element("wbr"), ...joined(piece)] : joined(piece)));
    if (end) pieces.push(whole(end));
    return place > 1 || parts[0].trim() ? [element("span", { class: "code-word" }, ...pieces)] : pieces;
  });
}

function joined(text) {
  const parts = text.split(/((?<!\S)\[?--?[A-Za-z][\w-]{0,23}|(?<![\w-])[A-Za-z\d]\w*(?:-\w+)+(?![\w-]))/);
  return parts.map((part, place) => (place % 2 && part.length <= 24 ? whole(part) : part));
}

function whole(text) {
  return element("span", { class: "whole" }, text);
}

function layOut(pre) {
  const code = pre.querySelector("code") ?? pre;
  const isFormula = "formulaCode" in pre.dataset || code.classList.contains("language-formula");
  const lines = code.textContent.replace(/\n+$/, "").split("\n");
  const rows = lines.map((text) => {
    const row = element("span", { class: "code-line" }, ...(isFormula ? coloured(text) : plain(text)), "\n");
    row.style.setProperty("--indent", `${/^\s*/.exec(text)[0].length + 2}ch`);
    return row;
  });
  code.replaceChildren(...rows);
  requestAnimationFrame(() => pre.scrollHeight > pre.clientHeight + 1 && (pre.tabIndex = 0)); // so that the keyboard can scroll it
  if (!pre.closest(".page")) return;
  const frame = element("div", { class: "code-frame" });
  pre.replaceWith(frame);
  frame.append(pre, element("button", { type: "button", class: "code-copy", "data-copy": lines.join("\n"), "aria-label": t("Copy"), title: t("Copy") }, icon("copy"), icon("check")));
}

export function startCode() {
  onElements("code[data-formula-code]", (code) => code.replaceChildren(...coloured(code.textContent)));
  onElements("pre.codeblock, .prose-calm pre", layOut);
}
