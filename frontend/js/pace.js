/** Long work in pieces, so that a slow phone answers a finger between any two of them. */

/** Lets the browser do what is waiting, a press above all. */
export const breath = () => (window.scheduler?.yield ? window.scheduler.yield() : new Promise((go) => setTimeout(go)));

/** The next frame is about to be painted; what asked for that frame before has had it. */
export const frame = () => new Promise(requestAnimationFrame);

/** The browser has nothing else to do. */
export const idle = () => new Promise((go) => (window.requestIdleCallback ?? ((act) => setTimeout(act, 200)))(go));
