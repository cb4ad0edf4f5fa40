/** The page's colours as the charts' canvas needs them: resolved from the tokens at the moment of asking. */

const ROLES = {
  surface: "--surface",
  text: "--text",
  muted: "--text-muted",
  line: "--line",
  up: "--up",
  down: "--down",
  upSoft: "--up-soft",
  downSoft: "--down-soft",
  focus: "--focus",
};

let known = null; // until the theme changes: asking makes the browser work through the styles of the page
document.addEventListener("cw:preferences", () => (known = null));

/** @returns an object of CSS colours by role, and `series`, the colours of plotted lines in order. */
export function palette() {
  return (known ??= resolved());
}

function resolved() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const resolve = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(Object.entries(ROLES).map(([role, token]) => [role, resolve(token)]));
  colours.series = [1, 2, 3, 4].map((number) => resolve(`--series-${number}`));
  probe.remove();
  return colours;
}

/** The same colour with another opacity; takes the rgb(…) form that getComputedStyle gives. */
export function fade(colour, alpha) {
  const [r, g, b] = colour.match(/[\d.]+/g);
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

/** `share` of one colour and the rest of another, opaque; both in the rgb(…) form. */
export function mix(colour, other, share) {
  const [one, two] = [colour, other].map((each) => each.match(/[\d.]+/g).map(Number));
  return `rgb(${[0, 1, 2].map((i) => Math.round(one[i] * share + two[i] * (1 - share))).join(", ")})`;
}
