/** Gives body cells their head's words as data-label, for the phone cards; heads nobody sees give none. */

export const LABELLED = "table.data-table, table.cw-table, table[data-sortable]";
const wordsOf = new WeakMap();

function headWords(table) {
  if (!wordsOf.has(table)) {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
    wordsOf.set(table, heads.map((head) => (head.querySelector(".sr-only") ? "" : head.textContent.trim())));
  }
  return wordsOf.get(table);
}

export function labelCell(cell, table) {
  const words = cell.cellIndex > 0 && headWords(table)[cell.cellIndex];
  if (words && !cell.matches("[data-label], .cell-actions")) cell.dataset.label = words;
}

export function labelTable(table) {
  for (const row of table.tBodies[0]?.rows ?? []) for (const cell of row.cells) labelCell(cell, table);
}

/** Labels the cells of the page while it comes, so that no card is painted without and grows afterwards. */
export function labelWhileRead() {
  const seen = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (node.nodeName !== "TD" && node.nodeName !== "TH") continue;
        const body = node.closest("tbody");
        if (body?.parentElement.matches(LABELLED)) labelCell(node, body.parentElement);
      }
    }
  });
  seen.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => seen.disconnect());
}
