/**
 * `<table data-sortable>`: heads become buttons. A head with data-sort="none" (or no text) stays as it is. A cell's
 * value is its data-sort-value, else its text; a column whose filled cells are all numbers sorts as numbers.
 * Empty cells always come last. The first cell's head names a phone card, the others label their cells.
 */
import { element, onElements } from "./dom.js";
import { numberIn } from "./figures.js";
import { LABELLED, labelTable } from "./labels.js";

const EMPTY = new Set(["", "–"]);

/** What a cell is sorted by: a given value is in the form of programs, its text in that of the reader. */
function valueOf(cell) {
  const given = cell?.dataset.sortValue;
  const text = given ?? cell?.textContent.trim() ?? "";
  return { text, number: given ? Number(given) : numberIn(text) };
}

function sortBy(table, index, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => ({ row, place, ...valueOf(row.cells[index]) }));
  const filled = rows.filter(({ text }) => !EMPTY.has(text));
  const compare = filled.every(({ number }) => !Number.isNaN(number))
    ? (a, b) => a.number - b.number
    : (a, b) => a.text.localeCompare(b.text, undefined, { numeric: true });
  filled.sort((a, b) => direction * compare(a, b) || a.place - b.place);
  const empty = rows.filter(({ text }) => EMPTY.has(text));
  body.append(...filled.map(({ row }) => row), ...empty.map(({ row }) => row));
}

function makeSortable(table) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  heads.forEach((head, index) => {
    if (head.dataset.sort === "none" || !head.textContent.trim()) return;
    const button = element("button", { class: "sort-button", type: "button" });
    button.append(...head.childNodes);
    head.append(button);
    table.dataset.sortReady = "";
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortBy(table, index, ascending ? 1 : -1);
    });
  });
}

/** Rows that come later are labelled as they come, and those that a morph made as the server wrote them, without. */
function labelCells(table) {
  labelTable(table);
  if (table.tBodies[0]) new MutationObserver(() => labelTable(table)).observe(table.tBodies[0], { childList: true, subtree: true, attributeFilter: ["data-label"] });
}

/** What scrolls can have the focus, so that the keyboard scrolls it; what does not is no stop on the way. */
const asWide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

export function startTables() {
  onElements(".table-wrap", (wrap) => asWide.observe(wrap));
  onElements(LABELLED, labelCells);
  onElements("table[data-sortable]", makeSortable);
}
