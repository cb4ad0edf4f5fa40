/** Menus, copy buttons, dialogs, ages, the busy line: small behaviours that a plain page works without. */
import { element, icon, onElements } from "./dom.js";
import { toast } from "./toasts.js";
import { t } from "./words.js";

function startMenus() {
  const close = (except) => document.querySelectorAll("details[data-drop][open]").forEach((menu) => menu !== except && (menu.open = false));
  const leave = (event) => close(event.target.closest("details[data-drop]"));
  document.addEventListener("click", leave);
  document.addEventListener("focusin", leave); // an open menu would cover what has the focus
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details[data-drop][open]");
    if (!open) return;
    const summary = open.querySelector("summary");
    if (event.key === "Escape") {
      open.open = false;
      summary.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = [...open.querySelectorAll(".drop-menu :is(a, button)")];
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = items.indexOf(document.activeElement);
      const next = at < 0 ? Math.min(step, 0) : at + step; // from outside: to the first, or to the last
      items.at(next % items.length)?.focus();
      event.preventDefault();
    }
  });
  // A live page gets its buttons anew with each bar, a list its menus with each search. The menu that is open stays open,
  // with what was typed in it and the focus where it was. What is being pressed is replaced when it is let go: a click
  // needs both ends on one button.
  let pressed = null;
  const late = new Map(); // what would be replaced: by which element
  document.addEventListener("pointerdown", ({ target }) => (pressed = target), true);
  const release = () => {
    pressed = null;
    const swaps = [...late];
    late.clear();
    for (const [target, anew] of swaps) {
      if (!target.isConnected) continue;
      anew.setAttribute("hx-swap-oob", "true"); // as it came: below, an open menu is kept
      window.htmx.swap(document.body, anew.outerHTML, { swapStyle: "none" });
    }
  };
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(release), true);
  document.body.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    const { target, fragment } = detail;
    if (target.contains(pressed)) {
      detail.shouldSwap = false;
      return void late.set(target, fragment.firstElementChild);
    }
    const open = target.querySelector("details[data-drop][open]");
    const name = (menu) => menu.querySelector("summary").textContent;
    const alike = (of) => [...of.querySelectorAll("details[data-drop]")].filter((menu) => name(menu) === name(open));
    const anew = open && alike(fragment)[alike(target).indexOf(open)];
    if (!anew) return;
    const parts = (of) => [...of.querySelectorAll("summary, a, button, input:not([type=hidden])")];
    const [before, after] = [parts(open), parts(anew)];
    const at = before.indexOf(document.activeElement);
    anew.open = true;
    before.forEach((part, i) => {
      const typed = part.name && (part.value !== part.defaultValue || part.checked !== part.defaultChecked);
      if (typed && part.name === after[i]?.name) [after[i].value, after[i].checked] = [part.value, part.checked];
    });
    if (at >= 0) setTimeout(() => after[at]?.focus());
  });
}

function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy || button.closest(".copyable").querySelector("code").textContent);
      button.dataset.copied = "";
      setTimeout(() => delete button.dataset.copied, 1500);
    } catch {
      toast(t("The browser refused to copy. Select the text and copy it by hand."), "warning");
    }
  });
}

/** `<code data-copy>`: a secret or an address shown once gets its copy button. */
function startCopyableCode() {
  onElements("code[data-copy]", (code) => {
    code.removeAttribute("data-copy");
    const button = element("button", { type: "button", "data-copy": true, "aria-label": t("Copy"), title: t("Copy") }, icon("copy"), icon("check"));
    const frame = element("span", { class: "copyable" });
    code.replaceWith(frame);
    frame.append(code, button);
  });
}

/**
 * `<form data-confirm="Delete this?">` (or a button of a form) asks first; without scripts it just acts. A form over
 * chosen rows says how many they are; its button stays as amber, or as red, as it is there.
 */
function startConfirming() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const own = event.submitter?.dataset.confirm;
    const question = own || form.dataset.confirm;
    if (!question || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopPropagation();
    const verb = (event.submitter?.textContent || t("Continue")).trim();
    const isCalm = own && !event.submitter.matches(".btn-danger");
    const yes = element("button", { class: isCalm ? "btn btn-primary" : "btn btn-danger", value: "yes" }, verb);
    const many = form.querySelector("[data-chosen-count]");
    const dialog = element(
      "dialog",
      { class: "cw-dialog", "aria-label": question },
      element(
        "form",
        { method: "dialog", class: "p-5" },
        ...(many ? [element("p", { class: "text-muted text-sm" }, many.textContent)] : []),
        element("p", {}, question),
        element("div", { class: "form-actions justify-end" }, element("button", { class: "btn", value: "no", autofocus: true }, t("Keep")), yes),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue !== "yes") return;
      if (!form.isConnected) {
        // what is live on the page has put another in its place meanwhile; what was asked about is done all the same
        form.hidden = true;
        document.body.append(form);
      }
      form.dataset.confirmed = "1";
      form.requestSubmit(event.submitter);
      delete form.dataset.confirmed;
    });
    document.body.append(dialog);
    dialog.showModal();
  }, true);
}

/** `data-dialog-open="id"` opens a <dialog>; `data-dialog-close` inside it closes it. */
function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
    if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
  });
}

/** `<time data-countdown>` shows the minutes and seconds that are left; at nothing the page is read anew. */
function countDown() {
  const element = document.querySelector("time[data-countdown]");
  if (!element) return;
  const end = Date.parse(element.dateTime);
  const timer = setInterval(() => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    element.textContent = t("in {time}", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` });
    if (left === 0) {
      clearInterval(timer);
      location.reload();
    }
  }, 1000);
}

/** "3 m ago" for an age in milliseconds, as `age` of apps/core says it; the empty string when it is better shown as a date. */
function ageWords(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < -5 || seconds >= 14 * 86_400) return "";
  if (seconds < 45) return t("just now");
  if (seconds < 3_600) return t("{count} m ago", { count: Math.max(1, Math.round(seconds / 60)) });
  if (seconds < 86_400) return t("{count} h ago", { count: Math.round(seconds / 3_600) });
  return t("{count} d ago", { count: Math.round(seconds / 86_400) });
}

/** Ages come written with the page; here they go on, by the server's clock: this one may be wrong. */
function startAges() {
  const ahead = Date.now() - Number(document.body.dataset.made) * 1000;
  const show = (time) => {
    const words = ageWords(Date.now() - ahead - Date.parse(time.dateTime));
    if (words && time.textContent !== words) time.textContent = words;
  };
  const showAll = () => document.querySelectorAll("time[data-ago]").forEach(show);
  setInterval(showAll, 30_000);
  addEventListener("pageshow", (event) => event.persisted && showAll());
  countDown();
}

/** `data-print` prints the page. */
function startPrinting() {
  document.addEventListener("click", (event) => event.target.closest("[data-print]") && window.print());
}

/** On a phone the list of the settings is a strip: show the page one is on. */
function startPlaces() {
  const strip = document.querySelector(".settings-places");
  const here = strip?.querySelector("[aria-current]");
  if (here) requestAnimationFrame(() => (strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2));
}

function startBusyLine() {
  const line = document.getElementById("page-progress");
  let pending = 0;
  const set = (change) => {
    pending = Math.max(0, pending + change);
    line.toggleAttribute("data-busy", pending > 0);
  };
  document.body.addEventListener("htmx:beforeRequest", () => set(1));
  document.body.addEventListener("htmx:afterRequest", () => set(-1));
}

export function startWidgets() {
  startMenus();
  startCopying();
  startCopyableCode();
  startConfirming();
  startDialogs();
  startPlaces();
  startPrinting();
  startAges();
  startBusyLine();
}
