/** Long lines go on below themselves, indented two characters deeper than they begin. */
import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin } from "@codemirror/view";

const EDGE = 14; // the padding of a line, as in theme.js

function hanging(view) {
  const builder = new RangeSetBuilder();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      const indent = /^ */.exec(line.text)[0].length + 2;
      builder.add(line.from, line.from, Decoration.line({ attributes: { style: `padding-left: calc(${indent}ch + ${EDGE}px); text-indent: -${indent}ch` } }));
      at = line.to + 1;
    }
  }
  return builder.finish();
}

const indents = ViewPlugin.define(
  (view) => ({
    decorations: hanging(view),
    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = hanging(update.view);
    },
  }),
  { decorations: (plugin) => plugin.decorations },
);

export const wrapping = [EditorView.lineWrapping, indents];
