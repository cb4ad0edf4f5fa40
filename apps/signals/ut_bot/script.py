"""Pine v6 scripts of a UT Bot: for the chart of one symbol, or for a list of symbols in one alert."""

from __future__ import annotations

import json
from typing import Literal

from apps.engine.pine import export_pine
from apps.engine.pine.helpers import helpers_for
from apps.signals.ut_bot.formula import hash_of_text, silent_bars, text_of_rule
from apps.signals.ut_bot.messages import id_prefix
from apps.signals.ut_bot.parameters import UtBotRule, pine_timeframe

# TradingView stops an alert that triggers more than 15 times in 3 minutes.
MOST_TRIGGERS = 14
WINDOW_MS = 180_000

_RULE = """\
f_side(float multiple, int atr_bars, int ema_bars, int silent) =>
    float spread = ta.atr(atr_bars)
    float loss = multiple * spread
    float trail = na
    float prior = nz(trail[1], 0)
    trail := (close > prior and close[1] > prior) ? f_max(prior, close - loss) : \
(close < prior and close[1] < prior) ? f_min(prior, close + loss) : (close > prior) ? close - loss : close + loss
    float average = ta.ema(close, ema_bars)
    bool up = ta.crossover(average, trail)
    bool down = ta.crossover(trail, average)
    bool speaks = bar_index >= silent
    float side = speaks and up and close > trail ? close : speaks and down and close < trail ? -close : 0.0
    [side[1], time[1], time_close[1]]"""

_MESSAGE = """\
f_message(string message_exchange, string message_ticker, float message_side, int message_opened, int message_closed, \
int message_number) =>
    string message_signal = message_side > 0 ? "long" : "short"
    string message = "{\\"v\\":1"
    message := message + ",\\"id\\":" + f_json("%(prefix)s|" + message_exchange + ":" + message_ticker + "|%(frame)s|" \
+ str.tostring(message_closed, "#") + "|" + message_signal)
    message := message + ",\\"symbol\\":" + f_json(message_ticker)
    message := message + ",\\"exchange\\":" + f_json(message_exchange)
    message := message + ",\\"timeframe\\":\\"%(timeframe)s\\""
    message := message + ",\\"action\\":" + (message_side > 0 ? "\\"buy\\"" : "\\"sell\\"")
    message := message + ",\\"signal\\":" + f_json(message_signal)
    message := message + ",\\"price\\":" + f_number(math.abs(message_side))
    message := message + ",\\"timestamp\\":" + f_json(f_moment(message_closed))
    message := message + ",\\"bar_time\\":" + f_json(f_moment(message_opened))
    message := message + ",\\"seq\\":" + str.tostring(message_number, "#")
    message := message + ",\\"strategy\\":\\"%(strategy)s\\""
    message := message + ",\\"formula\\":\\"%(hash)s\\""
    message := message + ",\\"parameters\\":" + "{" + "\\"key\\":" + f_number(key) + "," + "\\"atr_period\\":" + \
f_number(atr_period) + "," + "\\"ema_period\\":" + f_number(ema_period) + "}"
    message + "}\""""

_SYMBOL = """\
[side_%(n)d, opened_%(n)d, closed_%(n)d] = request.security("%(symbol)s", "%(frame)s", f_side(key, atr_period, \
ema_period, %(silent)d), lookahead = barmerge.lookahead_on)
if not na(opened_%(n)d) and opened_%(n)d != seen_%(n)d
    seen_%(n)d := opened_%(n)d
    if side_%(n)d != 0
        seq += 1
        if barstate.isrealtime
            array.push(waiting, f_message("%(exchange)s", "%(ticker)s", side_%(n)d, opened_%(n)d, closed_%(n)d, seq))"""

_SEND = f"""\
//- Sending: at most {MOST_TRIGGERS} alerts in 3 minutes, the others wait
while array.size(sent) > 0 and array.get(sent, 0) <= timenow - {WINDOW_MS}
    array.shift(sent)
while array.size(waiting) > 0 and array.size(sent) < {MOST_TRIGGERS}
    array.push(sent, timenow)
    alert(array.shift(waiting), alert.freq_all)
plot(array.size(waiting), "Waiting alerts", display = display.status_line)"""


def script_of(rule: UtBotRule, kind: Literal["indicator", "strategy"] = "indicator") -> str:
    """The script for TradingView; a list of symbols has an indicator only."""
    text = text_of_rule(rule)
    if rule.is_watch_list:
        return _watch_list(rule, text)
    exported = export_pine(text, kind, rule.strategy)
    assert not exported.problems, exported.problems  # the parameters were checked
    return exported.script


def _watch_list(rule: UtBotRule, text: str) -> str:
    frame = pine_timeframe(rule.timeframe)
    message = _MESSAGE % {
        "prefix": id_prefix(rule.strategy),
        "frame": frame,
        "timeframe": rule.timeframe,
        "strategy": rule.strategy,
        "hash": hash_of_text(text),
    }
    silent = silent_bars(text)
    body: list[str] = []
    for n, symbol in enumerate(rule.symbols, 1):
        exchange, _, ticker = symbol.partition(":")
        names = {"n": n, "symbol": symbol, "exchange": exchange, "ticker": ticker}
        body += [(_SYMBOL % {**names, "frame": frame, "silent": silent})]
    inputs = [
        f"float key = input.float({float(rule.multiplier)}, minval = 0.1, maxval = 50.0, step = 0.01)",
        f"int atr_period = input.int({rule.atr_period}, minval = 1, maxval = 200)",
        f"int ema_period = input.int({rule.ema_period}, minval = 1, maxval = 200)",
    ]
    state = [
        "varip int seq = 0",
        "varip array<string> waiting = array.new<string>()",
        "varip array<int> sent = array.new<int>()",
        *(f"varip int seen_{n} = 0" for n in range(1, len(rule.symbols) + 1)),
    ]
    shown = ", ".join(rule.symbols[:3]) + (" and more" if len(rule.symbols) > 3 else "")
    guard = (
        f'if timeframe.in_seconds() > timeframe.in_seconds("{frame}")\n'
        f"    runtime.error({json.dumps(f'Put this script on a chart of {rule.timeframe} or shorter.')})"
    )
    own = "\n".join([_RULE, message])
    return "\n".join(
        [
            "//@version=6",
            f"//- Made by Candlewright: UT Bot on {len(rule.symbols)} symbols, {shown}.",
            "//- Needs one alert, for “Any alert() function call”.",
            f'indicator("{rule.strategy}", overlay = true)',
            guard,
            "",
            "//- Functions",
            *helpers_for(own),
            *inputs,
            own,
            "",
            "//- State, kept from tick to tick",
            *state,
            "",
            "//- Symbols: the last closed bar of each",
            *body,
            "",
            _SEND,
            "",
        ]
    )
