/**
 * `<button data-push="KEY" data-push-url="URL" data-push-off-url="URL">`: subscribes this browser to Web Push, or ends it.
 * The button shows itself only where the browser can do it; `data-push-state` says "on", "off" or "denied" for the styles.
 */
import { csrfToken, onElements } from "./dom.js";
import { t } from "./words.js";

const WORKER = "/notifications/worker.js";
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const sameKey = (subscription, key) =>
  String(new Uint8Array(subscription.options.applicationServerKey)) === String(bytes(key));

async function post(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? t("The server did not take it."));
}

async function subscription() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return registration ? registration.pushManager.getSubscription() : null;
}

async function subscribe(button) {
  if ((await Notification.requestPermission()) !== "granted") return;
  await navigator.serviceWorker.register(WORKER, { scope: "/" });
  const registration = await navigator.serviceWorker.ready;
  const made = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(button.dataset.push),
  });
  await post(button.dataset.pushUrl, made.toJSON());
}

async function unsubscribe(button, found) {
  await post(button.dataset.pushOffUrl, { endpoint: found.endpoint });
  await found.unsubscribe();
}

function show(button, state) {
  button.hidden = false;
  button.disabled = state === "denied";
  button.dataset.pushState = state;
  button.setAttribute("aria-pressed", String(state === "on"));
  button.textContent = {
    on: t("Stop notifications in this browser"),
    off: t("Notify me in this browser"),
    denied: t("This browser refuses notifications: allow them in its settings of this site"),
  }[state];
}

async function state(button) {
  if (Notification.permission === "denied") return "denied";
  let found = await subscription();
  if (found && !sameKey(found, button.dataset.push)) {
    await found.unsubscribe(); // made for a key that is not in use any more
    found = null;
  }
  return found ? "on" : "off";
}

export function startPush() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return;
  onElements("[data-push]", async (button) => {
    if (!button.dataset.push) return;
    show(button, await state(button));
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const found = await subscription();
        await (found ? unsubscribe(button, found) : subscribe(button));
      } catch (error) {
        window.cw.toast(error.message || t("This browser could not be subscribed."), "error");
      }
      show(button, await state(button));
    });
  });
}
