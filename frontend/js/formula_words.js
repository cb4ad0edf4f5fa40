/** The words of the formula language by how they are coloured. What they mean, and which there are, stays on the server. */

const KEYWORDS = "input long short exit when after bars stop_loss take_profit trailing_stop size alert plot as in step and or not by at risk units".split(" ");
const SERIES = "open high low close volume hl2 hlc3 ohlc4 bar_index hour minute day_of_week day_of_month month year tr vwap obv ad awesome".split(" ");
const CONSTANTS = ["true", "false", "na"];

const WORDS = new Map([
  ...KEYWORDS.map((word) => [word, "keyword"]),
  ...SERIES.map((word) => [word, "typeName"]),
  ...CONSTANTS.map((word) => [word, "atom"]),
]);

/**
 * The kind of the next piece of a line, by the names of CodeMirror's tags, or null; moves `stream` beyond it. `stream` is
 * CodeMirror's StringStream or has its `string`, `start`, `eatSpace`, `match`, `current` and `next`.
 */
export function token(stream) {
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
}
