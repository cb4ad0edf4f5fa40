/** The bell of the top bar: how many notices are unread, as the inbox's WebSocket tells it. */
import { n, t } from "./words.js";

const MOST = 99;

export function startBell() {
  const bell = document.getElementById("bell");
  if (!bell) return;
  const count = bell.querySelector(".bell-count");
  const button = bell.querySelector(".bell-button");
  bell.addEventListener("live:message", ({ detail }) => {
    if (typeof detail.unread !== "number") return;
    count.hidden = detail.unread === 0;
    count.textContent = detail.unread > MOST ? `${MOST}+` : String(detail.unread);
    button.setAttribute("aria-label", detail.unread === 0 ? t("Inbox") : n("Inbox, {count} unread", "Inbox, {count} unread", detail.unread));
  });
}
