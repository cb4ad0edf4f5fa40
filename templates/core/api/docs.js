{% include "drf_spectacular/swagger_ui.js" %}

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// Swagger UI says "Filter by tag"; ours finds operations
new MutationObserver(() => {
  const search = document.querySelector(".operation-filter-input");
  if (!search || search.ariaLabel) return;
  search.placeholder = "Search operations: path, method or words";
  search.ariaLabel = search.placeholder;
}).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
