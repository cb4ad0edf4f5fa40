/**
 * What stands beside the editor, `[data-formula-facts]`, follows the text: every check fills its list anew. While the text
 * has errors the last facts stay, marked as old.
 */
import { figure } from "../figures.js";
import { element } from "../dom.js";
import { n, t } from "../words.js";

const grouped = (value) => figure(Math.round(value));

/** A value of an input as the language writes it. */
function setting(value, kind) {
  if (typeof value !== "number") return String(value);
  return kind === "percent" ? `${Number((value * 100).toPrecision(6))}%` : String(Number(value.toPrecision(6)));
}

function range({ kind, low, high, choices }) {
  if (choices?.length) return choices.join(", ");
  return low === null || low === undefined ? "" : `${setting(low, kind)}–${setting(high, kind)}`;
}

function row(title, value, aside = "") {
  const cell = element("dd", {}, value);
  if (aside) cell.append(" ", element("span", { class: "text-muted" }, aside));
  return [element("dt", {}, title), cell];
}

export function followFacts(area) {
  const card = document.querySelector("[data-formula-facts]");
  if (!card) return;
  const list = card.querySelector("dl");
  area.addEventListener("formula:checked", ({ detail: report }) => {
    if (report.unreachable) return;
    card.toggleAttribute("data-old", !report.ok);
    if (!report.ok) return;
    card.hidden = false;
    const identity = element("code", { title: report.hash }, `${report.hash.slice(0, 12)}…`);
    list.replaceChildren(
      ...row(t("Look-back"), n("{bars} bar", "{bars} bars", report.lookback, { bars: grouped(report.lookback) })),
      ...row(t("Cost"), n("{steps} step a bar", "{steps} steps a bar", report.cost.steps, { steps: grouped(report.cost.steps) })),
      ...row(t("Identity"), identity),
      ...report.inputs.flatMap((input) => row(input.label || input.name, setting(input.default, input.kind), range(input))),
    );
  });
}
