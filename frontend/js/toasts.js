/** Toasts: from Django's messages (rendered in the page), from `HX-Trigger: {"toast": …}`, and from failed requests. */
import { element, icon } from "./dom.js";
import { t } from "./words.js";

const ICONS = { success: "circle-check", error: "circle-x", warning: "triangle-alert", info: "info" };
const STAYS_MS = 6000;

function leave(toast) {
  toast.dataset.leaving = "";
  setTimeout(() => toast.remove(), 160);
}

function arm(toast) {
  toast.querySelector("[data-toast-close]").addEventListener("click", () => leave(toast));
  if (toast.dataset.level === "error") return; // what went wrong stays until read
  let timer = setTimeout(() => leave(toast), STAYS_MS);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => leave(toast), STAYS_MS / 2)));
}

/** Shows a toast. `level` is success, info, warning or error; an error stays until dismissed. */
export function toast(message, level = "info") {
  const kind = ICONS[level] ? level : "info";
  const close = element("button", { class: "cw-toast-close", type: "button", "data-toast-close": true, "aria-label": t("Dismiss") }, icon("x"));
  const node = element(
    "div",
    { class: "cw-toast", "data-level": kind, role: kind === "error" ? "alert" : "status" },
    icon(ICONS[kind]),
    element("div", { class: "cw-toast-words" }, message),
    close,
  );
  document.getElementById("toasts").append(node);
  arm(node);
}

function problemOf(xhr) {
  try {
    const problem = JSON.parse(xhr.responseText);
    return problem.detail || problem.title;
  } catch {
    return undefined;
  }
}

export function startToasts() {
  document.querySelectorAll("#toasts > .cw-toast").forEach(arm);
  document.body.addEventListener("toast", (event) => {
    const { value, message, level } = event.detail;
    for (const item of Array.isArray(value) ? value : [value ?? { message, level }]) {
      if (typeof item === "string") toast(item);
      else if (item.message) toast(item.message, item.level);
    }
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if ((xhr.getResponseHeader("HX-Trigger") || "").includes('"toast"')) return; // the server said it itself
    const words = { 403: t("You may not do that here."), 404: t("That no longer exists. Reload the page."), 429: t("Too many requests. Wait a moment and try again.") };
    toast(problemOf(xhr) || words[xhr.status] || t("Something failed on our side. Nothing was changed; try again."), "error");
  });
  document.body.addEventListener("htmx:sendError", () => {
    toast(t("The server cannot be reached. What you typed is still here; try again in a moment."), "error");
  });
}
