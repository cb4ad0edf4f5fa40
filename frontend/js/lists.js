/** Lists: filters that leave nothing empty in the address, chosen rows and what to do with them. */
import { onElements } from "./dom.js";
import { n } from "./words.js";

const boxes = () => [...document.querySelectorAll('#list input[name="chosen"]')];
let kept = new Set(); // chosen before the list was fetched anew

/** Counts the chosen rows in the bar, marks them, and shows the box of the head as all, some or none. */
function show() {
  const all = boxes();
  const chosen = all.filter((box) => box.checked);
  for (const box of all) {
    const row = box.closest("tr, li");
    if (box.checked) row.setAttribute("aria-selected", "true");
    else row.removeAttribute("aria-selected");
  }
  const bar = document.getElementById("list-acts");
  if (!bar) return;
  bar.toggleAttribute("data-some", chosen.length > 0);
  bar.querySelector("[data-chosen-count]").textContent = n("{count} chosen", "{count} chosen", chosen.length);
  const some = bar.querySelector("[data-choose-least]");
  if (some) some.disabled = chosen.length < Number(some.dataset.chooseLeast) || chosen.length > Number(some.dataset.chooseMost);
  const everyone = bar.querySelector("[data-choose-all-button]");
  everyone.hidden = chosen.length === all.length;
  const head = document.querySelector("[data-choose-all]");
  if (!head) return;
  head.checked = all.length > 0 && chosen.length === all.length;
  head.indeterminate = chosen.length > 0 && chosen.length < all.length;
}

function choose(value) {
  for (const box of boxes()) box.checked = value;
  show();
}

export function startLists() {
  // no empty answers in the address; the order is that of the heads where these are in sight
  document.body.addEventListener("htmx:configRequest", ({ target, detail }) => {
    if (!target.matches?.("[data-list-form]")) return;
    const { formData } = detail;
    for (const name of [...formData.keys()]) if (formData.get(name) === "" && name !== "view") formData.delete(name);
    if (target.elements.sort?.checkVisibility() || matchMedia("(width < 768px)").matches) return;
    const order = new URLSearchParams(location.search).get("sort");
    if (order) formData.set("sort", order);
    else formData.delete("sort");
  });
  onElements("[data-filters-more]", (button) => {
    const form = button.form;
    const show = (open) => {
      form.toggleAttribute("data-open", open);
      button.setAttribute("aria-expanded", String(open));
    };
    show([...form.querySelectorAll("select:not([name=sort]), input:not([data-list-search], [type=hidden])")].some((field) => field.value));
    button.addEventListener("click", () => show(!form.hasAttribute("data-open")));
  });
  onElements("[data-choose-all]", (head) => {
    head.hidden = false;
    head.addEventListener("change", () => choose(head.checked));
  });
  onElements("#list-acts", show);
  if (location.hash === "#choose-all") choose(true); // "Pause all bots": one sees which, and presses
  document.addEventListener("change", (event) => event.target.name === "chosen" && show());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-choose-all-button]")) choose(true);
    if (event.target.closest("[data-choose-none]")) choose(false);
  });
  // a box with Shift chooses all between it and the one before
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (box.name !== "chosen") return;
    const all = boxes();
    if (event.shiftKey && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      for (const each of all.slice(from, to + 1)) each.checked = box.checked;
      show();
    }
    last = box;
  });
  let turning = false; // the focus is on a link to another page, which may be gone on the last one
  const keep = () => {
    kept = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
    turning = document.activeElement?.closest(".pager-links") != null;
  };
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => detail.target?.id === "list" && keep());
  document.body.addEventListener("htmx:oobBeforeSwap", ({ detail }) => detail.target?.id === "list" && keep());
  document.body.addEventListener("htmx:afterSettle", () => {
    for (const box of boxes()) if (kept.has(box.value)) box.checked = true;
    kept = new Set();
    show();
    if (turning && document.activeElement === document.body) document.querySelector(".pager-links a:last-child")?.focus();
    turning = false;
  });
}
