// Lists and tables of the admin: columns of figures stand to the right, and names on phones are in sentence case.
const FIGURE = /^([A-Z]{3} )?[−-]?\d[\d.,\s]*( ?(%|ms|s|m|h|d))?$/;
const NONE = /^[–-]?$/;
const signed = (word) => word.replace(/^(\s*)-(?=\d)/, "$1−");

document.addEventListener("DOMContentLoaded", () => {
  for (const cell of document.querySelectorAll("[data-label]")) {
    const name = cell.dataset.label.trim();
    cell.dataset.label = name.charAt(0).toUpperCase() + name.slice(1);
  }
  for (const table of document.querySelectorAll("table")) {
    const isTheirs = table.id === "result_list" || table.classList.contains("formset");
    const rows = [...table.querySelectorAll("tr.data-row, tbody:not(.empty-form) > tr.form-row")].filter((row) => row.cells.length > 1);
    const heads = table.tHead ? table.tHead.rows[0] : null;
    for (let place = 1; rows.length && place < rows[0].cells.length; place++) {
      const cells = rows.map((row) => row.cells[place]).filter(Boolean);
      const words = cells.map((cell) => (cell.querySelector("input, select, svg, span") ? "?" : cell.textContent.trim()));
      // in tables of our own that is a figure which is not there; in those of the admin it may be a name or a moment as well
      const isEmpty = !isTheirs && words.every((word) => word === "–");
      if (!isEmpty && !words.some((word) => FIGURE.test(word))) continue;
      if (!words.every((word) => FIGURE.test(word) || NONE.test(word))) continue;
      for (const cell of [heads && heads.cells[place], ...cells]) if (cell) cell.classList.add("cw-figure");
      for (const cell of cells) if (!cell.childElementCount) cell.textContent = signed(cell.textContent);
    }
  }
  for (const value of document.querySelectorAll(".form-row .readonly")) {
    const word = value.textContent.trim();
    if (!value.childElementCount && (word === "-" || FIGURE.test(word))) value.textContent = word === "-" ? "–" : signed(word);
  }
});
