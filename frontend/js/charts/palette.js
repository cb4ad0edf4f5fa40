/** The page's colours as the charts' canvas needs them: resolved from the tokens at the moment of asking. */

export const FONT = '"Inter Variable", system-ui, sans-serif';

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
document.addEventListener("cw:preferences", forgetPalette);

/** For who changes the theme without a preference, as paper does. */
export function forgetPalette() {
  known = null;
}

/** @returns an object of CSS colours by role, and `series`, the colours of plotted lines in order. */
export function palette() {
  return (known ??= resolved());
}

function resolved() {
  const probe = document.createElement("span");
  probe.hidden = true;
  const ask = (token) => {
    const node = document.createElement("span");
    node.style.color = `var(${token})`;
    probe.append(node);
    return node;
  };
  const roles = Object.entries(ROLES).map(([role, token]) => [role, ask(token)]);
  const series = [1, 2, 3, 4].map((number) => ask(`--series-${number}`));
  document.body.append(probe); // all at once: the styles are worked through once
  const colours = Object.fromEntries(roles.map(([role, node]) => [role, getComputedStyle(node).color]));
  colours.series = series.map((node) => getComputedStyle(node).color);
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
