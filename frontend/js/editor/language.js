/** The formula language as the editor needs it: words to colour. What they mean, and which there are, stays on the server. */
import { LanguageSupport, StreamLanguage } from "@codemirror/language";

const KEYWORDS = "input long short exit when after bars stop_loss take_profit trailing_stop size alert plot as in step and or not by at risk units".split(" ");
const SERIES = "open high low close volume hl2 hlc3 ohlc4 bar_index hour minute day_of_week day_of_month month year tr vwap obv ad awesome".split(" ");
const CONSTANTS = ["true", "false", "na"];

const WORDS = new Map([
  ...KEYWORDS.map((word) => [word, "keyword"]),
  ...SERIES.map((word) => [word, "typeName"]),
  ...CONSTANTS.map((word) => [word, "atom"]),
]);

const parser = {
  name: "formula",
  startState: () => ({}),
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return "string";
    if (stream.match(/^\d+(?:\.\d+)?%?(?!\.\d)/) || stream.match(/^\.\d+%?/)) return "number";
    if (stream.match(/^[A-Za-z_]\w*/)) {
      const word = stream.current();
      if (stream.string[stream.start - 1] === "." && !/\d/.test(stream.string[stream.start - 2] ?? "")) return "propertyName";
      if (stream.match(/^\s*\(/, false) && !WORDS.has(word)) return "macroName";
      return WORDS.get(word) ?? "variableName";
    }
    if (stream.match(/^(?:[<>=!]=|\.\.|[-+*/%<>=?:])/)) return "operator";
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", '"'] } },
};

const language = StreamLanguage.define(parser);
export const formula = () => new LanguageSupport(language);
