/** Small helpers for making elements. Text is always set as text, never as markup. */

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** An icon of the sprite named in <body data-icons>. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** Calls `start(element)` once for every match now in the page and for every one HTMX brings later. */
export function onElements(selector, start) {
  const started = new WeakSet();
  const visit = (scope) => {
    const found = scope.matches?.(selector) ? [scope, ...scope.querySelectorAll(selector)] : scope.querySelectorAll(selector);
    for (const node of found) {
      if (started.has(node)) continue;
      started.add(node);
      start(node);
    }
  };
  visit(document);
  document.addEventListener("htmx:load", (event) => visit(event.detail.elt ?? document));
}

export function csrfToken() {
  const headers = document.body.getAttribute("hx-headers");
  return headers ? JSON.parse(headers)["X-CSRFToken"] : "";
}
