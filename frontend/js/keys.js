/** Single keys: g and a letter goes somewhere, j and k walk a list, ? shows them all. They can be switched off. */
import { onElements } from "./dom.js";
import { setPreference } from "./preferences.js";

const WAIT_MS = 1200; // for the letter after g
const isOff = () => document.documentElement.dataset.keys === "off";

function isTyping(target) {
  return target.closest?.('input:not([type="checkbox"]), textarea, select, [contenteditable="true"], .cm-editor, [data-chart], .blocklySvg, [role="application"]');
}

const rows = () => [...document.querySelectorAll("#list :is(tbody tr, .inbox-row)")].filter((row) => row.querySelector(".row-link, .inbox-link"));

function walk(step) {
  const all = rows();
  if (!all.length) return false;
  const here = all.findIndex((row) => row.hasAttribute("data-here"));
  const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + step))];
  all.forEach((row) => row.toggleAttribute("data-here", row === next));
  next.querySelector(".row-link, .inbox-link").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

const DEEDS = {
  j: () => walk(1),
  k: () => walk(-1),
  o: () => press("#list [data-here] :is(.row-link, .inbox-link)"),
  x: () => press('#list [data-here] input[name="chosen"]'),
  n: () => press(".page-actions .btn-primary"),
  "/": () => {
    const field = document.querySelector("[data-list-search]");
    if (!field) return press("[data-palette-open]");
    field.focus();
    field.select();
    return true;
  },
  "?": () => {
    document.getElementById("keys-sheet")?.showModal();
    return true;
  },
};

function press(selector) {
  const found = document.querySelector(selector);
  found?.click();
  return Boolean(found);
}

export function startKeys() {
  let going = -Infinity; // when g was pressed
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isOff() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const now = performance.now();
    let done = false;
    if (now - going < WAIT_MS) {
      going = -Infinity;
      done = /^[a-z]$/.test(event.key) && press(`[data-go="${event.key}"]`);
    } else if (event.key === "g") {
      going = now;
      done = true;
    } else done = DEEDS[event.key]?.() ?? false;
    if (done) event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#list :is(tbody tr, .inbox-row)");
    if (row) rows().forEach((each) => each.toggleAttribute("data-here", each === row));
  });
  onElements("[data-keys-switch]", (box) => {
    box.checked = !isOff();
    box.addEventListener("change", () => setPreference("keys", box.checked ? null : "off"));
  });
}
