/**
 * Live regions: `<div data-live="/ws/backtests/…/">`.
 *
 * All regions of a page share one WebSocket, /ws/, on which each asks for its path. Every event {"kind": "progress", …}
 * is dispatched on the region as `live:progress` (and `live:message`), with the event as detail; so a part refreshes
 * itself by hx-trigger="live:progress from:closest [data-live]". Elements with data-live-field="name" take the event's
 * value of that name. With data-live-refresh="URL" the region's content is fetched again, at most once a second.
 *
 * Events come in streams, each with an id. A lost line is tried again with growing pauses; back, it says the last id it
 * has of each stream, and is told what it missed. Where that is kept no longer, and where something happened between
 * the making of the page and the opening of the line, `live:resync` is dispatched, and whoever hears it reads anew.
 * A region's state stands in data-live-state: connecting, open, lost, closed.
 *
 * HTMX's `throttle` drops what comes while it lasts, so the last of several events would never be shown. A part that is
 * throttled also hears `live:settled`, which comes once after several.
 */
import htmx from "htmx.org";
import { onElements } from "./dom.js";
import { toast } from "./toasts.js";
import { t } from "./words.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const SHOW_LOST_AFTER_MS = 2_000;
const REFRESH_EVERY_MS = 1_000;
const SETTLED_AFTER_MS = 3_200; // longer than any throttle of a page
const LINGER_MS = 3_000; // without a region: HTMX may bring one
const PING_EVERY_MS = 25_000;
const DEAD_AFTER_MS = 10_000; // a ping without an answer: the network is gone without having said so
const BROUGHT_AGO_MS = 15_000; // a region that HTMX brings was made at most so long ago
const TINT_MS = 1_000;
const SIGNED_OUT = 4401;

/** Milliseconds since 1970 on the server's clock, when the page was made. */
const madeAt = Number(document.body.dataset.made) * 1000;

/** Whether `id` ("run.milliseconds-number") comes after `other`; ids of another run of Redis are always new. */
export function isAfter(id, other) {
  if (!other) return true;
  const [run, time, number] = id.split(/[.-]/);
  const [otherRun, otherTime, otherNumber] = other.split(/[.-]/);
  return run !== otherRun || (time === otherTime ? Number(number) > Number(otherNumber) : Number(time) > Number(otherTime));
}

class Region {
  constructor(node) {
    this.node = node;
    this.path = node.dataset.live;
    this.since = performance.now() < BROUGHT_AGO_MS ? madeAt : madeAt + performance.now() - BROUGHT_AGO_MS;
    this.refreshTimer = null;
    this.settleTimer = null;
    this.lastAt = -Infinity;
  }

  setState(state) {
    if (this.node.dataset.liveState !== state) this.node.dataset.liveState = state;
  }

  take(event) {
    for (const field of this.node.querySelectorAll("[data-live-field]")) {
      const value = event[field.dataset.liveField];
      if (value === undefined || value === null) continue;
      if ("value" in field && field.tagName !== "OUTPUT") field.value = value;
      else if (field.textContent !== String(value)) field.textContent = value;
    }
    this.dispatch("message", event);
    if (event.kind) this.dispatch(event.kind, event);
    this.refreshSoon();
    this.settleSoon();
  }

  resync() {
    this.dispatch("resync", {});
    this.refreshSoon();
    this.settleSoon();
  }

  /** Only where one came soon after another: the first of them nothing drops. */
  settleSoon() {
    const now = performance.now();
    const isSoon = now - this.lastAt < SETTLED_AFTER_MS;
    this.lastAt = now;
    if (!isSoon) return;
    clearTimeout(this.settleTimer);
    this.settleTimer = setTimeout(() => this.dispatch("settled", {}), SETTLED_AFTER_MS);
  }

  dispatch(kind, detail) {
    this.node.dispatchEvent(new CustomEvent(`live:${kind}`, { detail, bubbles: false }));
  }

  refreshSoon() {
    const url = this.node.dataset.liveRefresh;
    if (!url || this.refreshTimer) return;
    this.refreshTimer = setTimeout(() => {
      this.refreshTimer = null;
      if (this.node.isConnected) htmx.ajax("GET", url, { source: this.node, target: this.node, swap: "morph:innerHTML" });
    }, REFRESH_EVERY_MS);
  }
}

/** The page's one WebSocket. */
class Line {
  constructor() {
    this.regions = new Set();
    this.streams = new Map(); // path → names of its streams
    this.heard = new Map(); // stream → the last id
    this.refused = new Set();
    this.attempts = 0;
    this.state = "connecting";
  }

  add(region) {
    this.regions.add(region);
    region.setState(this.state === "open" ? "connecting" : this.state);
    if (this.state === "closed") return;
    if (!this.socket) this.connect();
    else if (this.state === "open") this.say({ kind: "subscribe", path: region.path, since: region.since });
  }

  /** Forgets regions that HTMX swapped out, and leaves paths that nobody shows any more. */
  sweep() {
    const before = new Set([...this.regions].map((region) => region.path));
    for (const region of this.regions) if (!region.node.isConnected) this.regions.delete(region);
    for (const path of before) {
      if (this.of(path).length) continue;
      this.streams.delete(path);
      this.refused.delete(path);
      if (this.state === "open") this.say({ kind: "unsubscribe", path });
    }
    clearTimeout(this.lingerTimer);
    if (!this.regions.size) this.lingerTimer = setTimeout(() => this.regions.size || this.rest(), LINGER_MS);
  }

  of(path) {
    return [...this.regions].filter((region) => region.path === path);
  }

  connect() {
    clearTimeout(this.retryTimer);
    const url = new URL("/ws/", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.socket = new WebSocket(url));
    socket.addEventListener("message", ({ data }) => socket === this.socket && this.received(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => socket === this.socket && this.closed(code));
  }

  say(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  subscribe(path, since) {
    const streams = this.streams.get(path);
    if (streams) this.say({ kind: "subscribe", path, after: Object.fromEntries(streams.map((name) => [name, this.heard.get(name)])) });
    else this.say({ kind: "subscribe", path, since });
  }

  received(message) {
    clearTimeout(this.deadTimer);
    if (message.stream) this.event(message);
    else if (message.kind === "open") this.opened();
    else if (message.kind === "ready") this.ready(message);
    else if (message.kind === "greeting") this.of(message.path).forEach((region) => region.take(message.event));
    else if (message.kind === "refused") {
      this.refused.add(message.path);
      this.streams.delete(message.path);
      this.of(message.path).forEach((region) => region.setState("closed"));
    }
  }

  opened() {
    this.attempts = 0;
    this.state = "open";
    this.showLost(false);
    clearInterval(this.pingTimer);
    this.pingTimer = setInterval(() => this.ping(), PING_EVERY_MS);
    const paths = new Map([...this.regions].map((region) => [region.path, region.since]));
    for (const [path, since] of paths) if (!this.refused.has(path)) this.subscribe(path, since);
  }

  ready({ path, at, resync }) {
    this.streams.set(path, Object.keys(at));
    for (const [name, id] of Object.entries(at)) this.heard.set(name, id);
    for (const region of this.of(path)) {
      region.setState("open");
      region.dispatch("ready", {});
      if (resync) region.resync();
    }
  }

  event({ stream, id, event }) {
    if (!isAfter(id, this.heard.get(stream))) return;
    this.heard.set(stream, id);
    for (const region of this.regions) {
      if (!this.streams.get(region.path)?.includes(stream)) continue;
      if (event.kind === "resync") region.resync();
      else region.take(event);
    }
  }

  ping() {
    this.say({ kind: "ping" });
    clearTimeout(this.deadTimer);
    this.deadTimer = setTimeout(() => this.drop(), DEAD_AFTER_MS);
  }

  /** The socket is given up without waiting for its end, which on a dead network takes minutes. */
  drop() {
    const socket = this.socket;
    this.closed(1006);
    socket?.close();
  }

  closed(code) {
    clearInterval(this.pingTimer);
    clearTimeout(this.deadTimer);
    this.socket = null;
    if (code === SIGNED_OUT) {
      this.state = "closed";
      this.showLost(false);
      toast(t("Your session has ended. Sign in again to see live changes."), "warning");
    } else {
      this.state = "lost";
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.attempts++) * (0.75 + Math.random() / 2);
      this.retryTimer = setTimeout(() => this.connect(), pause);
      this.lostTimer ??= setTimeout(() => this.showLost(true), SHOW_LOST_AFTER_MS);
    }
    for (const region of this.regions) if (!this.refused.has(region.path)) region.setState(this.state);
  }

  /** Tries at once: the machine is back on the network, the page is looked at again, or somebody asks for it. */
  hurry() {
    if (this.state !== "lost" || this.socket) return;
    this.connect();
  }

  rest() {
    const socket = this.socket;
    this.socket = null;
    this.state = "connecting";
    clearInterval(this.pingTimer);
    clearTimeout(this.deadTimer);
    clearTimeout(this.retryTimer);
    this.showLost(false);
    socket?.close();
  }

  showLost(isLost) {
    clearTimeout(this.lostTimer);
    this.lostTimer = null;
    const bar = document.getElementById("connection-bar");
    if (bar) bar.hidden = !isLost;
  }
}

/** A figure of a region that changes under the reader's eyes is tinted for a second. */
function startTinting() {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const changed = new MutationObserver((changes) => {
    for (const { target } of changes) {
      target.parentElement?.closest(".num, .stat-value")?.animate([{ backgroundColor: "var(--accent-soft)" }, { backgroundColor: "transparent" }], TINT_MS);
    }
  });
  onElements("[data-live]", (node) => changed.observe(node, { characterData: true, subtree: true }));
}

export function startLive() {
  const line = new Line();
  onElements("[data-live]", (node) => line.add(new Region(node)));
  startTinting();
  document.addEventListener("htmx:afterSettle", () => line.sweep());
  document.querySelector("#connection-bar button")?.addEventListener("click", () => line.hurry());
  addEventListener("online", () => line.hurry());
  addEventListener("offline", () => line.socket && line.drop());
  // A page that was put aside and comes back has a line that ended unseen.
  addEventListener("pageshow", (event) => event.persisted && line.socket && line.drop());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (line.state === "open" && line.socket) line.ping();
    else line.hurry();
  });
}
