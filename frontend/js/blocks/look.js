/** How blocks look: the page's tokens as Blockly's theme, made anew whenever the page's theme changes. */
import * as Blockly from "blockly/core";
import { mix } from "../charts/palette.js";

/** Roles of the palette's colours, by the token that each takes its hue from. */
const ROLES = {
  input: "--accent-text",
  series: "--series-2",
  signal: "--running",
  protection: "--failed",
  output: "--series-3",
  value: "--code-number",
  operator: "--text-muted",
  bar: "--series-4",
  function: "--code-function",
  condition: "--code-keyword",
};

function resolver() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const resolve = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  return { resolve, done: () => probe.remove() };
}

const hex = (colour) => `#${colour.match(/[\d.]+/g).slice(0, 3).map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

/** Zelos, whose outlines tell numbers, truths and texts apart by their shape; its arrows are words, so that themes reach them. */
class Constants extends Blockly.zelos.ConstantProvider {
  constructor(...given) {
    super(...given);
    this.FIELD_DROPDOWN_SVG_ARROW = false;
  }
}
class Renderer extends Blockly.zelos.Renderer {
  makeConstants_() {
    return new Constants();
  }
}
Blockly.blockRendering.register("formula", Renderer);

let number = 0;

export function theme() {
  const { resolve, done } = resolver();
  const surface = resolve("--surface");
  const colours = Object.entries(ROLES).map(([role, token]) => [role, resolve(token)]);
  const [raised, sunken, text, muted, line, focus] = ["--raised", "--sunken", "--text", "--text-muted", "--line-strong", "--focus"].map(resolve);
  done();
  number += 1;
  return Blockly.Theme.defineTheme(`candlewright-${number}`, {
    name: `candlewright-${number}`,
    base: Blockly.Themes.Zelos,
    startHats: false,
    blockStyles: Object.fromEntries(
      colours.map(([role, colour]) => [
        `${role}_blocks`,
        { colourPrimary: hex(mix(colour, surface, 0.14)), colourSecondary: hex(mix(colour, surface, 0.05)), colourTertiary: hex(mix(colour, surface, 0.55)) },
      ]),
    ),
    categoryStyles: Object.fromEntries(colours.map(([role, colour]) => [`${role}_category`, { colour: hex(colour) }])),
    componentStyles: {
      workspaceBackgroundColour: hex(surface),
      toolboxBackgroundColour: hex(sunken),
      toolboxForegroundColour: hex(text),
      flyoutBackgroundColour: hex(raised),
      flyoutForegroundColour: hex(muted),
      flyoutOpacity: 1,
      scrollbarColour: hex(line),
      scrollbarOpacity: 0.6,
      insertionMarkerColour: hex(focus),
      insertionMarkerOpacity: 0.5,
      cursorColour: hex(focus),
      markerColour: hex(focus),
      selectedGlowColour: hex(focus),
    },
    fontStyle: { family: '"Inter Variable", system-ui, sans-serif', weight: "500", size: 11 },
  });
}
