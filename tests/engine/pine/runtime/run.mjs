// Runs Pine scripts on given bars in PineTS and prints what they plot, send and trade, one JSON line per job.
// Input: {"bars": {"open_time": [...], "close_time": [...], "open": [...], ...}, "timeframe": "60", "timezone": "UTC",
// "mintick": 0.01, "frames": {"240": bars of that timeframe}, "scripts": [...]}.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.PINE_RUNTIME}/package.json`);
const { PineTS } = await import(pathToFileURL(require.resolve("pinets")));

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const job = JSON.parse(Buffer.concat(chunks).toString());

const value = (number) => (number === null ? NaN : number);

function candles(bars) {
  return bars.open_time.map((openTime, i) => ({
    openTime,
    closeTime: bars.close_time[i],
    open: value(bars.open[i]),
    high: value(bars.high[i]),
    low: value(bars.low[i]),
    close: value(bars.close[i]),
    volume: value(bars.volume[i]),
  }));
}

const columns = { [job.timeframe]: candles(job.bars) };
for (const [name, bars] of Object.entries(job.frames ?? {})) columns[name] = candles(bars);

const provider = {
  configure() {},
  async getMarketData(ticker, timeframe, limit, from, to) {
    const known = columns[timeframe] ?? columns[timeframe.replace(/^1(?=[DWM])/, "")];
    if (!known) throw new Error(`no bars of timeframe ${timeframe}`);
    return known.filter((bar) => (from ? bar.closeTime > from : true) && (to ? bar.openTime <= to : true));
  },
  async getSymbolInfo() {
    return {
      prefix: "TEST",
      ticker: "TESTUSD",
      tickerid: "TEST:TESTUSD",
      main_tickerid: "TEST:TESTUSD",
      root: "TEST",
      type: "crypto",
      currency: "USD",
      basecurrency: "TEST",
      description: "Test",
      timezone: job.timezone,
      session: "24x7",
      volumetype: "base",
      mintick: job.mintick,
      minmove: 1,
      pricescale: Math.round(1 / job.mintick),
      pointvalue: 1,
      mincontract: 1e-9,
    };
  },
};

const log = console.log;
console.log = () => {}; // the runtime's own notes are not part of the answer
for (const script of job.scripts) {
  let answer;
  try {
    const runtime = new PineTS(provider, "TEST:TESTUSD", job.timeframe, job.bars.open_time.length);
    runtime.setAlertMode("all");
    const context = await runtime.run(script);
    const plots = {};
    for (const [name, plot] of Object.entries(context.plots)) {
      if (name.startsWith("__")) continue;
      plots[name] = plot.data.map((point) => (Number.isFinite(point.value) ? point.value : null));
    }
    const alerts = context.alerts.filter((a) => a.type === "alert").map((a) => ({ bar: a.bar_index, message: a.message }));
    const trades = (context.strategy?.closedtrades ?? []).map((trade) => ({
      entry_bar: trade.entry_bar_index,
      entry_price: trade.entry_price,
      exit_bar: trade.exit_bar_index,
      exit_price: trade.exit_price,
      size: trade.size,
      profit: trade.profit,
    }));
    answer = { plots, alerts, trades, warnings: context.warnings ?? [] };
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  log(JSON.stringify(answer));
}
