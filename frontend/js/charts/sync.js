/** Charts of one data-sync-group share their crosshair's time and their visible range of time. */

const groups = new Map();

/** Registers a mounted chart; returns { crosshair(time|null), range(range), leave() } for it to call. */
export function join(name, view) {
  if (!name) return { crosshair() {}, range() {}, leave() {} };
  const members = groups.get(name) ?? groups.set(name, new Set()).get(name);
  members.add(view);
  let busy = false;
  const others = (act) => {
    if (busy) return;
    busy = true;
    for (const other of members) if (other !== view) act(other);
    busy = false;
  };
  return {
    crosshair: (time) => others((other) => other.showCrosshair(time)),
    range: (range) => others((other) => other.showRange(range)),
    leave: () => members.delete(view),
  };
}
