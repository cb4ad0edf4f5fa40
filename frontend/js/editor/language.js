/** The formula language as the editor needs it: words to colour and to complete. The meaning stays on the server. */
import { LanguageSupport, StreamLanguage } from "@codemirror/language";

const KEYWORDS = "input long short exit when after bars stop_loss take_profit trailing_stop size alert plot as in step and or not by at risk units".split(" ");
const SERIES = "open high low close volume hl2 hlc3 ohlc4 bar_index hour minute day_of_week day_of_month month year tr vwap obv ad awesome".split(" ");
const CONSTANTS = ["true", "false", "na"];

/** Signatures by name, as the language page lists them. */
export const FUNCTIONS = Object.fromEntries(
  `sma(src, n);ema(src, n);rma(src, n);wma(src, n);hma(src, n);vwma(src, n);dema(src, n);tema(src, n);kama(src, n);alma(src, n, offset, sigma);linreg(src, n);stdev(src, n);variance(src, n);atr(n);natr(n);bb(src, n, k);kc(src, n, k);donchian(n);bbw(src, n, k);highest(src, n);lowest(src, n);highestbars(src, n);lowestbars(src, n);median(src, n);percentrank(src, n);rsi(src, n);macd(src, fast, slow, signal);ppo(src, fast, slow);stoch(n, k, d);cci(n);cmo(src, n);mfi(n);wpr(n);roc(src, n);mom(src, n);change(src, n);tsi(src, short, long);ultosc(a, b, c);trix(src, n);aroon(n);adx(n);dmi(n);supertrend(factor, n);sar(start, step, limit);ichimoku(conversion, base, span_b);slope(src, n);adosc(fast, slow);cum(src);crossover(a, b);crossunder(a, b);cross(a, b);rising(src, n);falling(src, n);barssince(cond);valuewhen(cond, src, k);pivothigh(src, left, right);pivotlow(src, left, right);correlation(a, b, n);zscore(src, n);abs(x);min(a, b);max(a, b);round(x);floor(x);ceil(x);sqrt(x);log(x);exp(x);pow(x, y);sign(x);avg(a, b);nz(x, y);na(x);fixnan(x);tf("1d", x)`
    .split(";")
    .map((signature) => [signature.slice(0, signature.indexOf("(")), signature]),
);

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
      if (stream.match(/^\s*\(/, false) && word in FUNCTIONS) return "macroName";
      return WORDS.get(word) ?? "variableName";
    }
    if (stream.match(/^(?:[<>=!]=|\.\.|[-+*/%<>=?:])/)) return "operator";
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", '"'] } },
};

/** Names given in the text itself, so that they complete too. */
const defined = (text) => [...text.matchAll(/^\s*(?:input\s+)?([A-Za-z_]\w*)\s*=(?!=)/gm)].map(([, name]) => name);

function complete(context) {
  const word = context.matchBefore(/[A-Za-z_]\w*/);
  if ((!word || word.from === word.to) && !context.explicit) return null;
  const before = context.state.sliceDoc(context.state.doc.lineAt(context.pos).from, context.pos);
  if (/#/.test(before) || (before.match(/"/g) ?? []).length % 2) return null;
  const option = (type, boost) => (label) => ({ label, type, boost });
  return {
    from: word ? word.from : context.pos,
    validFor: /^\w*$/,
    options: [
      ...[...new Set(defined(context.state.doc.toString()))].map(option("variable", 2)),
      ...Object.entries(FUNCTIONS).map(([label, signature]) => ({ label, type: "function", detail: signature.slice(label.length), apply: `${label}(` })),
      ...SERIES.map(option("constant", 1)),
      ...KEYWORDS.map(option("keyword", 0)),
    ],
  };
}

const language = StreamLanguage.define(parser);
export const formula = () => new LanguageSupport(language, [language.data.of({ autocomplete: complete })]);
