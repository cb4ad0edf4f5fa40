/** The formula language as the editor needs it. */
import { LanguageSupport, StreamLanguage } from "@codemirror/language";
import { token } from "../formula_words.js";

const parser = {
  name: "formula",
  startState: () => ({}),
  token,
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", '"'] } },
};

const language = StreamLanguage.define(parser);
export const formula = () => new LanguageSupport(language);
