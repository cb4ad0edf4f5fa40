"""The end of a strategy script: the rules of docs/fills.md as orders for TradingView's broker emulator."""

from __future__ import annotations

from collections.abc import Sequence

from apps.engine.pine.exporter.statements import Written

_OTHER = {"long": "short", "short": "long"}
_DOWN = {"long": "-", "short": "+"}  # towards a loss
_UP = {"long": "+", "short": "-"}
_NEARER = {"long": ">", "short": "<"}


def order_lines(written: Written, fee: float) -> list[str]:
    """Lines that turn the conditions and settings into orders. `fee`: a fraction of the notional."""
    has = written.settings
    sides = [side for side in ("long", "short") if side in written.conditions]
    protects = any(name.startswith(("stop_loss", "take_profit", "trailing_stop")) for name in has)
    lines = [
        f"bool asks_long = {any_of(written, 'long')}",
        f"bool asks_short = {any_of(written, 'short')}",
        f"bool leaves_long = {any_of(written, 'exit_long', 'exit')}",
        f"bool leaves_short = {any_of(written, 'exit_short', 'exit')}",
        "bool is_long = strategy.position_size > 0",
        "bool is_short = strategy.position_size < 0",
        "bool clash = asks_long and asks_short",
    ]
    if protects or "exit_after" in has:
        lines.append(
            "int entry_bar = strategy.opentrades > 0 ? "
            "strategy.opentrades.entry_bar_index(strategy.opentrades - 1) : na"
        )
    timed = "false"
    if "exit_after" in has:
        lines += [
            "int held = is_long or is_short ? bar_index - entry_bar + 1 : 0",
            "bool timed = held >= exit_after",
        ]
        timed = "timed"
    blocked = "" if timed == "false" else " or timed"
    given = "".join(
        f" and {name} > 0" for name in ("stop_loss_by", "take_profit_by", "trailing_stop_by") if name in has
    )
    lines += [
        f"bool enter_long = asks_long and not (clash or leaves_long{blocked} or is_long){given}",
        f"bool enter_short = asks_short and not (clash or leaves_short{blocked} or is_short){given}",
        f"bool leave = not enter_long and not enter_short and "
        f"(is_long and leaves_long or is_short and leaves_short{blocked})",
        *_sizes(has, sides, fee),
        *_kept(has),
        *_messages(),
    ]
    for side in sides:
        lines += _entry(side, has, protects)
    lines += ["if leave", '    strategy.close_all(alert_message = f_message("exit", "exit", "", seq))']
    if protects:
        for side in sides:
            lines += _protection(side, has)
    return lines


def any_of(written: Written, *kinds: str) -> str:
    """Whether any condition of these kinds holds."""
    names = [name for kind in kinds for name in written.conditions.get(kind, [])]
    return " or ".join(names) if names else "false"


def _sizes(has: set[str], sides: Sequence[str], fee: float) -> list[str]:
    """The units to buy or sell, at this close's price, never more than can be paid with the entry's fee."""
    lines = ["float equity = strategy.equity", f"float cost = close * {1 + fee:.10g}"]
    for side in sides:
        wanted = "equity / cost"
        if "size_percent" in has:
            wanted = "math.min(size_percent, 1) * equity / cost"
        elif "size_cash" in has:
            wanted = "math.min(size_cash, equity) / cost"
        elif "size_units" in has:
            wanted = "math.min(size_units, equity / cost)"
        elif "size_risk" in has:
            lines.append(f"float {side}_risk = {_stop_distance(has, side)}")
            wanted = f"{side}_risk > 0 ? math.min(size_risk * equity / {side}_risk, equity / cost) : 0"
        lines.append(f"float {side}_units = {wanted}")
    return lines


def _stop_distance(has: set[str], side: str) -> str:
    if "stop_loss_percent" in has:
        return "close * stop_loss_percent"
    if "stop_loss_by" in has:
        return "stop_loss_by"
    return "close - stop_loss_at" if side == "long" else "stop_loss_at - close"


def _kept(has: set[str]) -> list[str]:
    """What is remembered of the entry: distances as of the signal's bar, and the best price since."""
    lines = []
    for setting, name in (("stop_loss", "stop"), ("take_profit", "target"), ("trailing_stop", "trail")):
        if f"{setting}_by" in has:
            lines += [
                f"var float {name}_gap = na",
                "if enter_long or enter_short",
                f"    {name}_gap := {setting}_by",
            ]
    if has & {"trailing_stop_percent", "trailing_stop_by"}:
        lines += [
            "var float best = na",
            "if is_long",
            "    best := math.max(entry_bar == bar_index ? strategy.position_avg_price : best, high)",
            "if is_short",
            "    best := math.min(entry_bar == bar_index ? strategy.position_avg_price : best, low)",
        ]
    return lines


def _messages() -> list[str]:
    """The count of messages. An order that waits bears the number that is next when it is placed."""
    return [
        "var int seq = 0",
        "if strategy.closedtrades > strategy.closedtrades[1]",
        "    seq += 1",
        "if enter_long or enter_short or leave",
        "    seq += 1",
    ]


def _entry(side: str, has: set[str], protects: bool) -> list[str]:
    action = "buy" if side == "long" else "sell"
    lines = [
        f"if enter_{side}",
        f"    if {side}_units > 0",
        f'        strategy.entry("{side}", strategy.{side}, qty = {side}_units, '
        f'alert_message = f_message("{action}", "{side}", "", seq))',
    ]
    if protects:
        # the fill's price is not known yet: distances are given in ticks from it
        stops = []
        if "stop_loss_percent" in has:
            stops.append("close * stop_loss_percent")
        if "stop_loss_by" in has:
            stops.append("stop_loss_by")
        if "trailing_stop_percent" in has:
            stops.append("close * trailing_stop_percent")
        if "trailing_stop_by" in has:
            stops.append("trailing_stop_by")
        arguments = []
        if stops:
            nearest = stops[0] if len(stops) == 1 else f"math.min({', '.join(stops)})"
            arguments.append(f"loss = {_ticks(nearest)}")
        if "stop_loss_at" in has:
            arguments.append("stop = stop_loss_at")
        if "take_profit_percent" in has:
            arguments.append(f"profit = {_ticks('close * take_profit_percent')}")
        if "take_profit_by" in has:
            arguments.append(f"profit = {_ticks('take_profit_by')}")
        if "take_profit_at" in has:
            arguments.append("limit = take_profit_at")
        lines.append(
            f'        strategy.exit("leave {side}", "{side}", {", ".join(arguments)}, '
            f'alert_message = f_message("exit", "exit_{side}", "", seq + 1))'
        )
    return [*lines, "    else", "        strategy.close_all()"]


def _ticks(distance: str) -> str:
    whole = distance if " " not in distance or distance.startswith("math.") else f"({distance})"
    return f"{whole} / syminfo.mintick"


def _protection(side: str, has: set[str]) -> list[str]:
    """The levels of an open position on the next bar."""
    down, up = _DOWN[side], _UP[side]
    entry = "strategy.position_avg_price"
    stops = []
    if "stop_loss_percent" in has:
        stops.append(f"{entry} * (1 {down} stop_loss_percent)")
    elif "stop_loss_by" in has:
        stops.append(f"{entry} {down} stop_gap")
    elif "stop_loss_at" in has:
        stops.append("stop_loss_at")
    if "trailing_stop_percent" in has:
        stops.append(f"best * (1 {down} trailing_stop_percent)")
    elif "trailing_stop_by" in has:
        stops.append(f"best {down} trail_gap")
    target = ""
    if "take_profit_percent" in has:
        target = f"{entry} * (1 {up} take_profit_percent)"
    elif "take_profit_by" in has:
        target = f"{entry} {up} target_gap"
    elif "take_profit_at" in has:
        target = "take_profit_at"
    arguments = []
    lines = [f"if is_{side} and not leave and not enter_{_OTHER[side]}"]
    if stops:
        lines.append(f"    float {side}_stop = {stops[0]}")
        if len(stops) == 2:  # the nearer counts
            lines += [
                f"    if na({side}_stop) or {stops[1]} {_NEARER[side]} {side}_stop",
                f"        {side}_stop := {stops[1]}",
            ]
        arguments.append(f"stop = {side}_stop")
    if target:
        lines.append(f"    float {side}_target = {target}")
        arguments.append(f"limit = {side}_target")
    known = [f"na({name.split(' = ')[1]})" for name in arguments]
    call = (
        f'strategy.exit("leave {side}", "{side}", {", ".join(arguments)}, '
        f'alert_message = f_message("exit", "exit_{side}", "", seq + 1))'
    )
    if "stop_loss_at" in has or "take_profit_at" in has:
        # a price that is na means no such order on the next bar
        lines += [
            f"    if {' and '.join(known)}",
            f'        strategy.cancel("leave {side}")',
            "    else",
            f"        {call}",
        ]
    else:
        lines.append(f"    {call}")
    return lines
