/** How a chart looks whatever is drawn on it: colours, scales, what a hand may do. */
import { ColorType, CrosshairMode, PriceScaleMode } from "lightweight-charts";
import { compact, moment, number } from "./format.js";
import { FONT } from "./palette.js";

/** The library's options for a chart of this kind; `intraday`: its bars are shorter than a day. */
export function optionsOf(kind, colours, intraday) {
  const phone = matchMedia("(width < 768px)").matches;
  return {
    layout: {
      background: { type: ColorType.Solid, color: colours.surface },
      textColor: colours.muted,
      fontFamily: FONT,
      fontSize: 12,
      attributionLogo: kind === "price",
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colours.line } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: colours.muted, labelBackgroundColor: colours.text },
      horzLine: { color: colours.muted, labelBackgroundColor: colours.text },
    },
    rightPriceScale: { borderVisible: false, entireTextOnly: true, minimumWidth: phone ? 56 : 76 },
    timeScale: { borderColor: colours.line, timeVisible: intraday, secondsVisible: false, rightOffset: 2, minBarSpacing: 0.05, fixLeftEdge: true, fixRightEdge: true, lockVisibleTimeRangeOnResize: true },
    localization: {
      locale: document.documentElement.lang || "en",
      timeFormatter: (time) => moment(time, intraday),
      priceFormatter: kind === "equity" ? (value) => (Math.abs(value) >= 100_000 ? compact(value, Math.abs(value) >= 1e6 ? 2 : 0) : number(value, 0)) : undefined,
    },
    // The wheel belongs to the page; with Ctrl (or a pinch) it zooms, see onWheel.
    handleScroll: { vertTouchDrag: false, mouseWheel: false },
    handleScale: { mouseWheel: false },
  };
}

/** Curves that grow apart are read on a logarithmic scale, prices may be; where one reaches zero there is none: null. */
export function scaleOf(kind, data) {
  const all = { equity: () => Object.values(data.series).flat(), price: () => data.low }[kind]?.() ?? [];
  const values = all.filter((value) => value !== null);
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!(low > 0 && values.length)) return null;
  return kind === "equity" && high > 4 * low ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal;
}
