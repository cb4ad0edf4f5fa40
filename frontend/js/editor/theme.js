/** The editor's look, by the page's tokens, so that it follows the theme by itself. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.6", fontFeatureSettings: '"calt" 0' },
  ".cm-content": { padding: "12px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 14px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-faint)", border: "0", paddingLeft: "6px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--hover) 60%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "color-mix(in srgb, var(--accent) 30%, transparent) !important" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-soft) !important", outline: "1px solid var(--attention-line)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line-strong)", borderRadius: "6px", boxShadow: "var(--shadow-menu)", maxWidth: "min(460px, calc(100vw - 24px))" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { minWidth: "220px", maxWidth: "min(420px, calc(100vw - 40px))", borderRadius: "5px" },
  ".cm-tooltip.cm-completionInfo": { padding: "0", width: "max-content", maxWidth: "min(340px, calc(100vw - 24px))", marginInline: "4px", zIndex: "1" },
  ".cm-completionInfo.cm-completionInfo-left-narrow, .cm-completionInfo.cm-completionInfo-right-narrow": { marginTop: "4px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 10px", fontFamily: "var(--font-mono)", fontSize: "13px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft) !important", color: "var(--accent-text) !important" },
  ".cm-completionDetail": { color: "var(--text-muted)", fontStyle: "normal", marginLeft: "0" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
  ".cm-diagnostic": { padding: "6px 12px", borderLeft: "3px solid var(--failed)", fontFamily: "var(--font-sans)", fontSize: "13px" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--failed) 1px", textUnderlineOffset: "4px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--attention-line) 1px", textUnderlineOffset: "4px" },
  ".cm-foldGutter": { display: "none" }, // there is nothing to fold
  ".cm-gutter-lint": { width: "14px" },
  ".cm-gutter-lint .cm-gutterElement": { display: "grid", placeItems: "center", padding: "0" },
  ".cm-lint-marker": { width: "8px", height: "8px", borderRadius: "50%", content: "none" },
  ".cm-lint-marker-error": { background: "var(--failed)" },
  ".cm-lint-marker-warning": { background: "none", border: "2px solid var(--attention-line)" },
  ".cm-snippetField": { backgroundColor: "color-mix(in srgb, var(--accent) 16%, transparent)", borderRadius: "3px" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-placeholder": { color: "var(--text-faint)" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.macroName, tags.propertyName], color: "var(--code-function)" },
  { tag: [tags.number, tags.atom], color: "var(--code-number)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: tags.typeName, color: "var(--text)", fontWeight: "500" },
  { tag: tags.operator, color: "var(--text-muted)" },
]);

export const candlewrightTheme = [look, syntaxHighlighting(colours)];
