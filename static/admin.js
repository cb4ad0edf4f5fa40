// Lists and tables of the admin: columns of figures stand to the right, and names on phones are in sentence case.
const FIGURE = /^([A-Z]{3} )?[−-]?\d[\d.,\s]*( ?(%|ms|s|m|h|d))?$/;
const NONE = /^[–-]?$/;

document.addEventListener("DOMContentLoaded", () => {
  for (const cell of document.querySelectorAll("[data-label]")) {
    const name = cell.dataset.label.trim();
    cell.dataset.label = name.charAt(0).toUpperCase() + name.slice(1);
  }
  for (const table of document.querySelectorAll("table")) {
    const rows = [...table.querySelectorAll("tr.data-row")].filter((row) => row.cells.length > 1);
    const heads = table.tHead ? table.tHead.rows[0] : null;
    for (let place = 1; rows.length && place < rows[0].cells.length; place++) {
      const cells = rows.map((row) => row.cells[place]).filter(Boolean);
      const words = cells.map((cell) => (cell.querySelector("input, select, svg, span") ? "?" : cell.textContent.trim()));
      const isEmpty = words.every((word) => word === "–"); // ours alone: a figure that is not there
      if (!isEmpty && !words.some((word) => FIGURE.test(word))) continue;
      if (!words.every((word) => FIGURE.test(word) || NONE.test(word))) continue;
      for (const cell of [heads && heads.cells[place], ...cells]) if (cell) cell.classList.add("cw-figure");
    }
  }
});
