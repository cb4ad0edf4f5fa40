/** The buttons at a chart's corner: its figures as a table, as a file, and its picture. */
import { element, icon } from "../dom.js";
import { t } from "../words.js";
import { palette } from "./palette.js";

const MARGIN = 16; // of the picture, in points
const LEAST_WIDTH = 480;

/** The chart's own words, the same for file names, captions and pictures. */
function titleOf({ label }) {
  const page = document.querySelector("h1")?.textContent.trim();
  return page && !label.includes(page) ? `${page}: ${label}` : label;
}

/**
 * `view` is a chart of any kind: { node, label, words(), table(), csv(simulated), shot() }; `place` is what the table stands in
 * for: it keeps its size, so that what is in sight can be moved. `shot` gives a canvas in the screen's resolution.
 */
export class Tools {
  constructor(view, place) {
    this.view = view;
    this.place = place;
    this.tableButton = this.button("table", t("Show as table"), () => this.toggleTable());
    this.tableButton.setAttribute("aria-pressed", "false");
    this.csvButton = this.button("download", t("Download the figures as CSV"), () => this.saveCsv());
    this.pictureButton = this.button("image-down", t("Save a picture"), () => this.savePicture());
    this.node = element("div", { class: "chart-tools", role: "group", "aria-label": t("Table, file, picture"), hidden: true }, this.tableButton, this.csvButton, this.pictureButton);
  }

  button(name, label, act) {
    const button = element("button", { class: "chart-tool", type: "button", "aria-label": label, title: label }, icon(name));
    button.addEventListener("click", act);
    return button;
  }

  /** Called whenever the chart was drawn: the table follows. */
  drawn() {
    this.node.hidden = false;
    this.follow();
  }

  /** Called whenever something else came into sight: the table shows the same, from the next frame on. */
  follow() {
    if (!this.table || this.due) return;
    this.due = requestAnimationFrame(() => {
      this.due = null;
      if (this.table) this.showTable();
    });
  }

  toggleTable() {
    if (this.table) this.hideTable();
    else this.showTable();
    this.tableButton.setAttribute("aria-pressed", String(Boolean(this.table)));
    this.pictureButton.disabled = Boolean(this.table);
  }

  showTable() {
    const height = this.table?.style.height || `${this.place.offsetHeight}px`;
    const table = this.view.table();
    table.style.height = height; // the page below stays where it is
    if (this.table) this.table.replaceWith(table);
    else this.place.after(table);
    this.table = table;
    this.place.dataset.covered = "";
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: table } })); // its heads become buttons
  }

  hideTable() {
    this.table.remove();
    this.table = null;
    delete this.place.dataset.covered;
  }

  saveCsv() {
    save(new Blob([this.view.csv(this.isSimulated())], { type: "text/csv" }), this.fileName("csv"));
  }

  isSimulated() {
    return Boolean(this.view.node.closest("[data-simulated]"));
  }

  fileName(ending) {
    const words = titleOf(this.view).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 80);
    return `${words}${this.isSimulated() ? "-simulated" : ""}.${ending}`;
  }

  async savePicture() {
    const picture = await pictureOf(this.view, this.isSimulated());
    picture.toBlob((blob) => save(blob, this.fileName("png")), "image/png");
  }
}

/** The chart as it is seen, under its name and the values at the bar that the readout rests on. */
async function pictureOf(view, simulated) {
  const shot = view.shot();
  const colours = palette();
  const ratio = devicePixelRatio || 1;
  const font = (weight, size) => `${weight} ${size * ratio}px "Inter Variable", system-ui, sans-serif`;
  const margin = MARGIN * ratio;
  const [head, foot] = [66 * ratio, 34 * ratio];
  const picture = element("canvas", { width: Math.round(Math.max(shot.width, LEAST_WIDTH * ratio) + 2 * margin), height: Math.round(shot.height + head + foot) });
  const draw = picture.getContext("2d");
  draw.fillStyle = colours.surface;
  draw.fillRect(0, 0, picture.width, picture.height);
  draw.textBaseline = "alphabetic";
  draw.fillStyle = colours.text;
  draw.font = font(600, 16);
  draw.fillText(fit(draw, titleOf(view), picture.width - 2 * margin), margin, 28 * ratio);
  draw.fillStyle = colours.muted;
  draw.font = font(400, 12);
  draw.fillText(fit(draw, view.words(), picture.width - 2 * margin), margin, 50 * ratio);
  draw.drawImage(shot, margin, head);
  const base = picture.height - 13 * ratio;
  draw.fillText("Candlewright", margin, base);
  if (simulated) {
    draw.font = font(600, 12);
    draw.fillStyle = colours.text;
    draw.textAlign = "right";
    draw.fillText(t("Simulated, not money that was made"), picture.width - margin, base);
  }
  return picture;
}

function fit(draw, text, width) {
  if (draw.measureText(text).width <= width) return text;
  let shown = text;
  while (shown && draw.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
  return `${shown}…`;
}

export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
