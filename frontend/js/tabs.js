/**
 * `<nav data-tabs>` of links to parts of the page: with scripts one part shows at a time, without them all do and the
 * links jump. The address keeps which; arrow keys, Home and End move between the tabs.
 */
import { onElements } from "./dom.js";

export function startTabs() {
  // On a phone the line of tabs is wider than the page: the one that is open is brought into view.
  onElements(".tabs-line > [aria-current]", (tab) => {
    requestAnimationFrame(() => (tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 24));
  });
  // So is the page one reads, in the long list of the docs.
  onElements(".docs-contents-wide [aria-current]", (link) => {
    const list = link.closest(".docs-contents-wide");
    list.scrollTop = link.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
  });
  onElements("nav[data-tabs]", (nav) => {
    const tabs = [...nav.querySelectorAll("a[href^='#']")];
    const parts = tabs.map((tab) => document.querySelector(tab.hash));
    nav.setAttribute("role", "tablist");
    nav.parentElement.dataset.tabsReady = "";
    tabs.forEach((tab, i) => {
      tab.id ||= `tab-${parts[i].id}`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", parts[i].id);
      parts[i].setAttribute("role", "tabpanel");
      parts[i].setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        history.replaceState(history.state, "", tab.hash);
        show(i);
      });
    });

    function show(chosen) {
      tabs.forEach((tab, i) => {
        tab.setAttribute("aria-selected", String(i === chosen));
        tab.tabIndex = i === chosen ? 0 : -1;
        parts[i].hidden = i !== chosen;
      });
      requestAnimationFrame(() => {
        const { offsetLeft, offsetWidth } = tabs[chosen]; // in a narrow window the line of tabs scrolls, the page stays
        nav.scrollLeft = offsetLeft - (nav.clientWidth - offsetWidth) / 2;
      });
    }

    nav.addEventListener("keydown", (event) => {
      const from = tabs.indexOf(document.activeElement);
      const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (from < 0 || to === undefined) return;
      event.preventDefault();
      const tab = tabs[(to + tabs.length) % tabs.length];
      tab.focus();
      tab.click();
    });
    const fromAddress = () => tabs.findIndex((tab) => tab.hash === location.hash);
    window.addEventListener("hashchange", () => fromAddress() >= 0 && show(fromAddress()));
    show(Math.max(0, fromAddress()));
    // on paper all parts stand one below the other
    window.addEventListener("beforeprint", () => parts.forEach((part) => (part.hidden = false)));
    window.addEventListener("afterprint", () => show(tabs.findIndex((tab) => tab.tabIndex === 0)));
    if (fromAddress() > 0) nav.parentElement.scrollIntoView();
  });
}

/** The meaning of a figure (`.term`) stays within the window. */
export function startTerms() {
  const place = (event) => {
    const term = event.target.closest?.(".term");
    const meaning = term?.querySelector(".term-meaning");
    if (!meaning) return;
    const { left, bottom } = term.getBoundingClientRect();
    meaning.style.left = `${Math.max(16, Math.min(left, window.innerWidth - meaning.offsetWidth - 16))}px`;
    const below = bottom + 6 + meaning.offsetHeight < window.innerHeight;
    meaning.style.top = below ? `${bottom + 6}px` : `${bottom - term.offsetHeight - meaning.offsetHeight - 6}px`;
    meaning.style.marginTop = 0;
  };
  document.addEventListener("pointerover", place);
  document.addEventListener("focusin", place);
}
