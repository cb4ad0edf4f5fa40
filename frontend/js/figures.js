/** Figures in the reader's form: <html data-numbers> names one of apps/core/manner.py's, thin spaces without it. */

const THIN_SPACE = "\u202f";
const LOCALES = { comma: "en", dot: "de", spaced: "de", indian: "en-IN" };

/** A number of zero or more with its thousands apart; `options` are those of Intl.NumberFormat. */
export function figure(value, options = {}) {
  const form = document.documentElement.dataset.numbers ?? "space";
  const text = value.toLocaleString(LOCALES[form] ?? "en", options);
  if (form === "space") return text.replaceAll(",", THIN_SPACE);
  return form === "spaced" ? text.replaceAll(".", THIN_SPACE) : text;
}
