/**
 * Theme, colour of rising prices, the height of rows and the rail: kept in localStorage, set on <html>, told to charts by an event. The first
 * two are stored with the account too, for other browsers and for the first paint.
 */

import { onElements } from "./dom.js";

const root = document.documentElement;

/** Sets one preference; `null` or the default removes it. Dispatches `cw:preferences` on document. */
export function setPreference(key, value) {
  if (value) root.dataset[key] = value;
  else delete root.dataset[key];
  try {
    if (value) localStorage.setItem(`cw-${key}`, value);
    else localStorage.removeItem(`cw-${key}`);
  } catch {
    // Storage is refused: the choice holds for this page.
  }
  if (key === "theme") tintBrowser(value);
  document.dispatchEvent(new CustomEvent("cw:preferences", { detail: { key, value } }));
}

/** The browser's own bars in the ground of the theme: the first meta is that of paper, the second that of ink. */
function tintBrowser(theme) {
  const [paper, ink] = document.querySelectorAll("meta[name=theme-color]");
  paper.media = theme === "paper" ? "all" : theme === "ink" ? "not all" : "(prefers-color-scheme: light)";
  ink.media = theme === "ink" ? "all" : theme === "paper" ? "not all" : "(prefers-color-scheme: dark)";
}

/** Stores a choice with the account. A lost one does no harm: this browser has it, and the next choice comes. */
function store(key, value) {
  const { lookUrl } = document.body.dataset;
  if (!lookUrl) return;
  const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
  const body = new URLSearchParams({ [key === "updown" ? "rising" : key]: value });
  fetch(lookUrl, { method: "POST", headers: { "X-CSRFToken": token }, body, keepalive: true }).catch(() => {});
}

function bindSwitch(group, key, fallback) {
  const show = () => {
    const current = root.dataset[key] || fallback;
    for (const button of group.querySelectorAll("[data-value]")) {
      button.setAttribute("aria-pressed", String(button.dataset.value === current));
    }
  };
  group.addEventListener("click", (event) => {
    const button = event.target.closest("[data-value]");
    if (!button) return;
    setPreference(key, button.dataset.value === fallback ? null : button.dataset.value);
    if (key !== "density") store(key, button.dataset.value); // how close rows stand is a matter of the screen
    show();
  });
  document.addEventListener("cw:preferences", ({ detail }) => detail.key === key && show());
  show();
}

export function startPreferences() {
  document.querySelectorAll("[data-theme-switch]").forEach((group) => bindSwitch(group, "theme", "system"));
  document.querySelectorAll("[data-updown-switch]").forEach((group) => bindSwitch(group, "updown", "green-up"));
  onElements("[data-density-switch]", (group) => bindSwitch(group, "density", "comfortable"));
  document.querySelectorAll("[data-rail-toggle]").forEach((button) => {
    button.addEventListener("click", () => setPreference("rail", root.dataset.rail === "collapsed" ? null : "collapsed"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new CustomEvent("cw:preferences", { detail: { key: "theme", value: null } }));
  });
}
