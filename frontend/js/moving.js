/** `[data-moving]`: a part of the page that renews itself, with a button that holds it still. Still by itself for those who ask for less motion. */
export function startMoving() {
  const hold = (region, held) => {
    const button = region.querySelector("[data-moving-pause]");
    region.toggleAttribute("data-held", held);
    button?.setAttribute("aria-pressed", String(held));
  };
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) document.querySelectorAll("[data-moving]").forEach((region) => hold(region, true));
  document.addEventListener("click", (event) => {
    const region = event.target.closest("[data-moving-pause]")?.closest("[data-moving]");
    if (region) hold(region, !region.hasAttribute("data-held"));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden ? event.target.closest("[data-moving]") : event.target.closest("[data-held]")) event.preventDefault();
  });
}
