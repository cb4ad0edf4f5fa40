/**
 * Live regions: `<div data-live="/ws/backtests/…/">`.
 *
 * One WebSocket per region. Every JSON message {"kind": "progress", …} is dispatched on the region as the event
 * `live:progress` (and `live:message`), with the message as detail; so a part refreshes itself by
 * hx-trigger="live:finished from:closest [data-live]". Descendants with data-live-field="percent" take the message's
 * value of that name. With data-live-refresh="URL" the region's own content is fetched again, at most once a second.
 *
 * A lost connection is tried again with growing pauses; once it is back, `live:resync` is dispatched (and the region
 * refreshed), so that what was missed is caught up. The state stands in data-live-state: connecting, open, lost, closed.
 * Close codes 4401 (signed out), 4403 and 4404 are final.
 */
import htmx from "htmx.org";
import { onElements } from "./dom.js";
import { toast } from "./toasts.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const SHOW_LOST_AFTER_MS = 2_000;
const REFRESH_EVERY_MS = 1_000;
const FINAL = new Set([4401, 4403, 4404]);

const lost = new Set();

function showConnection() {
  document.getElementById("connection-bar").hidden = lost.size === 0;
}

class LiveRegion {
  constructor(node) {
    this.node = node;
    this.attempts = 0;
    this.everOpen = false;
    this.refreshTimer = null;
    this.connect();
  }

  setState(state) {
    this.node.dataset.liveState = state;
    clearTimeout(this.lostTimer);
    if (state === "lost") {
      this.lostTimer = setTimeout(() => {
        lost.add(this);
        showConnection();
      }, SHOW_LOST_AFTER_MS);
    } else if (state !== "connecting") {
      lost.delete(this);
      showConnection();
    }
  }

  connect() {
    if (!this.node.isConnected) return this.stop();
    if (this.attempts === 0) this.setState("connecting");
    const url = new URL(this.node.dataset.live, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.addEventListener("open", () => this.opened());
    this.socket.addEventListener("message", (event) => this.received(event.data));
    this.socket.addEventListener("close", (event) => this.closed(event.code));
  }

  opened() {
    this.attempts = 0;
    this.setState("open");
    if (this.everOpen) {
      this.dispatch("resync", {});
      this.refreshSoon();
    }
    this.everOpen = true;
  }

  received(data) {
    if (!this.node.isConnected) return this.stop();
    const message = JSON.parse(data);
    this.fill(message);
    this.dispatch("message", message);
    if (message.kind) this.dispatch(message.kind, message);
    this.refreshSoon();
  }

  closed(code) {
    if (this.stopped) return;
    if (!this.node.isConnected) return this.stop();
    if (FINAL.has(code)) {
      this.setState("closed");
      if (code === 4401) toast("Your session has ended. Sign in again to see live changes.", "warning");
      return;
    }
    this.setState("lost");
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.attempts++);
    this.retryTimer = setTimeout(() => this.connect(), pause * (0.75 + Math.random() / 2));
  }

  /** Tries at once, when the machine says that it is back on the network or the page is looked at again. */
  hurry() {
    if (this.stopped || this.node.dataset.liveState !== "lost" || this.socket.readyState === WebSocket.CONNECTING) return;
    clearTimeout(this.retryTimer);
    this.connect();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    clearTimeout(this.refreshTimer);
    clearTimeout(this.lostTimer);
    lost.delete(this);
    showConnection();
    regions.delete(this);
    this.socket?.close();
  }

  dispatch(kind, detail) {
    this.node.dispatchEvent(new CustomEvent(`live:${kind}`, { detail, bubbles: false }));
  }

  fill(message) {
    for (const field of this.node.querySelectorAll("[data-live-field]")) {
      const value = message[field.dataset.liveField];
      if (value === undefined || value === null) continue;
      if ("value" in field && field.tagName !== "OUTPUT") field.value = value;
      else if (field.textContent !== String(value)) field.textContent = value;
    }
  }

  refreshSoon() {
    const url = this.node.dataset.liveRefresh;
    if (!url || this.refreshTimer) return;
    this.refreshTimer = setTimeout(() => {
      this.refreshTimer = null;
      htmx.ajax("GET", url, { source: this.node, target: this.node, swap: "morph:innerHTML" });
    }, REFRESH_EVERY_MS);
  }
}

const regions = new Set();

export function startLive() {
  onElements("[data-live]", (node) => regions.add(new LiveRegion(node)));
  // A region that HTMX swapped out closes its socket.
  document.addEventListener("htmx:afterSettle", () => {
    for (const region of regions) if (!region.node.isConnected) region.stop();
  });
  const hurry = () => regions.forEach((region) => region.hurry());
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => document.hidden || hurry());
}
