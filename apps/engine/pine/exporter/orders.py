"""The end of a strategy script: the rules of docs/fills.md as orders for TradingView's broker emulator."""

from __future__ import annotations

from collections.abc import Sequence

from apps.engine.pine.exporter.statements import Written

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
    if has & {"exit_after", "trailing_stop_percent", "trailing_stop_by"}:
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
        lines += _entry(side)
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


def _entry(side: str) -> list[str]:
    message = f'f_message("{"buy" if side == "long" else "sell"}", "{side}", "", seq)'
    return [
        f"if enter_{side}",
        f"    if {side}_units > 0",
        f'        strategy.entry("{side}", strategy.{side}, qty = {side}_units, alert_message = {message})',
        "    else",
        "        strategy.close_all()",
    ]


def _protection(side: str, has: set[str]) -> list[str]:
    """The exit order of a side: of an open position by prices, moved at each close. Before the entry has filled its
    price is not known; distances are then given in ticks from it."""
    down, up = _DOWN[side], _UP[side]
    entry = "strategy.position_avg_price"
    levels = []  # what moves against, each with its distance at the signal
    if "stop_loss_percent" in has:
        levels.append((f"{entry} * (1 {down} stop_loss_percent)", "close * stop_loss_percent"))
    if "stop_loss_by" in has:
        levels.append((f"{entry} {down} stop_gap", "stop_loss_by"))
    if "stop_loss_at" in has:
        levels.append(("stop_loss_at", ""))
    if "trailing_stop_percent" in has:
        levels.append((f"best * (1 {down} trailing_stop_percent)", "close * trailing_stop_percent"))
    if "trailing_stop_by" in has:
        levels.append((f"best {down} trail_gap", "trailing_stop_by"))
    targets = []
    if "take_profit_percent" in has:
        targets.append((f"{entry} * (1 {up} take_profit_percent)", "close * take_profit_percent"))
    if "take_profit_by" in has:
        targets.append((f"{entry} {up} target_gap", "take_profit_by"))
    if "take_profit_at" in has:
        targets.append(("take_profit_at", ""))
    lines: list[str] = []
    held: list[str] = []
    fresh: list[str] = []
    for name, price, ticks, found in (
        (f"{side}_stop", "stop", "loss", levels),
        (f"{side}_target", "limit", "profit", targets),
    ):
        if found:
            lines += _level(name, side, found)
            held.append(f"{price} = {name}")
        distances = [gap for _, gap in found if gap]
        if len(distances) < len(found):
            fresh.append(f"{price} = {next(level for level, gap in found if not gap)}")
        if distances:
            nearest = distances[0] if len(distances) == 1 else f"math.min({', '.join(distances)})"
            fresh.append(f"{ticks} = {_factor(nearest)} / syminfo.mintick")
    message = f'alert_message = f_message("exit", "exit_{side}", "", seq + 1)'
    order = f'strategy.exit("leave {side}", "{side}"'
    lines.append(f"{order}, {', '.join(held)}, {message})")
    if "stop_loss_at" in has or "take_profit_at" in has:  # a price that is na means no such order
        silent = " and ".join(f"na({each.split(' = ')[1]})" for each in held)
        lines += [f"if {silent}", f'    strategy.cancel("leave {side}")']
    return [*lines, f"if enter_{side}", f"    {order}, {', '.join(fresh)}, {message})"]


def _level(name: str, side: str, found: list[tuple[str, str]]) -> list[str]:
    """The line of a level, and where there are two, of the nearer."""
    texts = [f"is_{side} ? {level} : na" for level, _ in found]
    lines = [f"float {name} = {texts[0]}"]
    if len(texts) == 2:
        other = f"{side}_trail"
        lines += [
            f"float {other} = {texts[1]}",
            f"{name} := na({name}) or {other} {_NEARER[side]} {name} ? {other} : {name}",
        ]
    return lines


def _factor(text: str) -> str:
    """`text` where it is divided."""
    return text if " " not in text or text.startswith("math.") else f"({text})"
