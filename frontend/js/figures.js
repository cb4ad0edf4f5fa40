/** Figures in the reader's form: <html data-numbers> names one of apps/core/manner.py's, thin spaces without it. */

const THIN_SPACE = "\u202f";
const LOCALES = { comma: "en", dot: "de", spaced: "de", indian: "en-IN" };

/** A figure, which may have a sign, in percent; the sign for percent stands where the reader looks for it. */
export function inPercent(text) {
  if (document.documentElement.dataset.percent !== "first") return `${text}${THIN_SPACE}%`;
  return text.replace(/^[+\-\u2212]?/, "$&%");
}

/** The day of an ISO time in the reader's order of year (Y), month (m) and day (d): <html data-date>. */
export function day(iso) {
  const [year, month, date] = iso.slice(0, 10).split("-");
  return (document.documentElement.dataset.date ?? "Y-m-d").replace(/[Ymd]/g, (letter) => ({ Y: year, m: month, d: date })[letter]);
}

/** The number that a text of the reader's form says ("−1,234.50 %" is -1234.5), NaN when it is none. */
export function numberIn(text) {
  const form = document.documentElement.dataset.numbers ?? "space";
  const isComma = form === "dot" || form === "spaced";
  const digits = text.replace(/[\s\u00a0\u202f%]/g, "").replace(isComma ? /\./g : /,/g, "").replace(isComma ? "," : ".", ".");
  const plain = digits.replace("\u2212", "-").replace(/^\+/, "").replace(/[A-Z]{3,5}$/, "");
  return plain === "" ? NaN : Number(plain);
}

const formats = new Map(); // to make one takes longer than to write a thousand numbers with it

function formatOf(locale, options) {
  const key = `${locale} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale, options));
  return formats.get(key);
}

/** A number of zero or more with its thousands apart; `options` are those of Intl.NumberFormat. */
export function figure(value, options = {}) {
  const form = document.documentElement.dataset.numbers ?? "space";
  const text = formatOf(LOCALES[form] ?? "en", options).format(value);
  if (form === "space") return text.replaceAll(",", THIN_SPACE);
  return form === "spaced" ? text.replaceAll(".", THIN_SPACE) : text;
}
