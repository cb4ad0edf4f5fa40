/** The command palette: Ctrl/⌘ K or the top bar's search opens it; results come from the server while one types. */
import { element, icon } from "./dom.js";

const MOST_RECENT = 6;
const DETAIL = /\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\/$/; // a page of one thing

function recentOf(palette) {
  try {
    return JSON.parse(localStorage.getItem(`cw-recent-${palette.dataset.recent}`)) ?? [];
  } catch {
    return [];
  }
}

/** Notes the page one is on, when it is that of one thing. */
function note(palette) {
  if (!DETAIL.test(location.pathname)) return;
  const title = document.querySelector("h1")?.textContent.trim();
  if (!title) return;
  const others = recentOf(palette).filter((item) => item.url !== location.pathname);
  try {
    localStorage.setItem(`cw-recent-${palette.dataset.recent}`, JSON.stringify([{ title, url: location.pathname }, ...others].slice(0, MOST_RECENT)));
  } catch {
    // storage is refused: nothing is remembered
  }
}

function forget() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("cw-recent-")) localStorage.removeItem(key);
  } catch {
    // there is nothing to forget
  }
}

function showRecent(palette, results) {
  const items = recentOf(palette).filter((item) => item.url !== location.pathname);
  if (!items.length) return;
  const group = element("div", { class: "palette-group", role: "group", "aria-label": palette.dataset.recentHead });
  group.append(element("div", { class: "palette-head" }, palette.dataset.recentHead));
  items.forEach((item, place) => {
    const link = element("a", { class: "palette-item", role: "option", id: `palette-recent-${place}`, href: item.url, tabindex: "-1" }, icon("clock"));
    link.append(element("span", { class: "truncate" }, item.title));
    group.append(link);
  });
  results.prepend(group);
}

export function startPalette() {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = palette.querySelector("input");
  const results = document.getElementById("palette-results");
  const items = () => [...results.querySelectorAll('a[role="option"]')];
  const mark = (item) => {
    for (const each of items()) each.removeAttribute("aria-selected");
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const open = () => {
    if (palette.open) return palette.close();
    palette.showModal();
    input.select();
    if (!results.childElementCount || input.value) {
      input.value = "";
      window.htmx.trigger(input, "palette");
    }
  };
  note(palette);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) {
      event.preventDefault();
      open();
    }
    if (event.target === palette) palette.close(); // the ground beside it
  });
  document.addEventListener("submit", (event) => event.target.matches('form[action$="/logout/"]') && forget());
  results.addEventListener("htmx:afterSwap", () => {
    if (!input.value) showRecent(palette, results);
    mark(items()[0]);
  });
  results.addEventListener("pointermove", (event) => {
    const item = event.target.closest('[role="option"]');
    if (item && !item.hasAttribute("aria-selected")) mark(item);
  });
  input.addEventListener("keydown", (event) => {
    const all = items();
    const here = all.findIndex((item) => item.hasAttribute("aria-selected"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(all[(here + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" && all[here]) {
      event.preventDefault();
      palette.close();
      if (event.ctrlKey || event.metaKey) window.open(all[here].href, "_blank", "noopener");
      else all[here].click();
    } else if (event.key === "Escape" && input.value) {
      event.preventDefault();
      input.value = "";
      window.htmx.trigger(input, "palette");
    }
  });
}
