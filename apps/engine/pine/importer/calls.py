"""Calls that say something by themselves: the script's header, plots, alerts and orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from apps.engine.lang import tree
from apps.engine.pine.importer import state as states
from apps.engine.pine.importer import texts
from apps.engine.pine.importer.arguments import bind_arguments
from apps.engine.pine.importer.report import Cannot, impossible
from apps.engine.pine.importer.values import DRAWING, VOID, Value, both, inverse, number, percent, shortest
from apps.engine.pine.reader import syntax as pine
from apps.engine.said import said

if TYPE_CHECKING:
    from apps.engine.pine.importer.expressions import Expressions

_HEADER = "title shorttitle overlay format precision scale pyramiding"
_ENTRY = "id direction qty limit stop oca_name oca_type comment when alert_message"
_EXIT = "id from_entry qty qty_percent profit limit loss stop trail_price trail_points trail_offset"
_LEVELS = ("profit", "limit", "loss", "stop", "trail_price", "trail_points", "trail_offset")
_SETTINGS = {
    "initial_capital": said("the initial capital"),
    "commission_type": said("the commission"),
    "commission_value": said("the commission"),
    "slippage": said("the slippage"),
    "currency": said("the currency"),
    "margin_long": said("the margin"),
    "margin_short": said("the margin"),
}
_TITLES = frozenset(["indicator", "study", "strategy", "library"])
Path = Callable[[], tree.Expr]


class Calls:
    """Does such a call: adds to the state what the formula is to say."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.state = expressions.state
        self.plots: dict[str, tree.Expr] = {}

    def knows(self, path: str) -> bool:
        return path in _TITLES or path in ("plot", "alert", "alertcondition") or path.startswith("strategy.")

    def run(self, path: str, node: pine.Call, condition: Path) -> Value:
        if path in _TITLES:
            self.header(path, node)
        elif path == "plot":
            self.plot(node)
            return DRAWING
        elif path == "alertcondition":
            self.alert_condition(node)
        elif path == "alert":
            self.alert(node, condition())
        else:
            self.order(path.removeprefix("strategy."), node, condition)
        return VOID

    def text(self, node: pine.Expr | None) -> str | None:
        return None if node is None else self.expressions.value(node).fixed_text

    # the header

    def header(self, path: str, node: pine.Call) -> None:
        state = self.state
        given = bind_arguments(node, _HEADER, lenient=True)
        state.title = (self.text(given.get("title")) or self.text(given.get("shorttitle")) or "").strip()
        state.kind = "strategy" if path == "strategy" else "indicator"
        record = state.record
        record.note("imported")
        if path == "library":
            raise impossible(said("a library is no script of its own"))
        if state.kind != "strategy":
            return
        left = dict.fromkeys(words for key, words in _SETTINGS.items() if key in given)
        if left:
            record.note("imported", said("chosen where the formula runs: {left}", left=", ".join(left)))
        if self.holds(given.get("process_orders_on_close")):
            record.note(
                "imported", said("process_orders_on_close: choose fills at the close in the backtest")
            )
        if self.holds(given.get("calc_on_every_tick")) or self.holds(given.get("calc_on_order_fills")):
            record.note("imported", said("a formula is read once per bar, at its close"))
        pyramiding = self.expressions.value(given["pyramiding"]) if "pyramiding" in given else None
        if pyramiding is not None and isinstance(pyramiding.expr, tree.Number) and pyramiding.expr.value > 1:
            record.note("needs_edit", said("pyramiding: a formula holds one position and never adds to it"))
        self.default_size(given)

    def holds(self, node: pine.Expr | None) -> bool:
        if node is None:
            return False
        expr = self.expressions.value(node).expr
        return isinstance(expr, tree.Truth) and expr.value

    def default_size(self, given: dict[str, pine.Expr]) -> None:
        kind = given.get("default_qty_type")
        word = self.expressions.value(kind).name if kind is not None else "strategy.fixed"
        amount = given.get("default_qty_value")
        if kind is None and amount is None:
            if self.state.script.version >= 6:
                return
            self.size("units", number(1))
            self.state.record.note("imported", said("Pine's default size before version 6 is 1 unit"))
            return
        value = self.expressions.number(amount) if amount is not None else number(1)
        if word == "strategy.percent_of_equity":
            self.size("amount", _in_percent(value))
        elif word == "strategy.cash":
            self.size("amount", value)
        else:
            self.size("units", value)

    def size(self, mode: str, value: tree.Expr) -> None:
        self.state.add(states.Size(tree.Sizing(0, 0, mode, value)))  # type: ignore[arg-type]

    # plots and alerts

    def plot(self, node: pine.Call) -> None:
        given = bind_arguments(
            node, "series title color linewidth style trackprice histbase offset", lenient=True
        )
        if "series" not in given:
            raise Cannot(said("`plot` needs a series"))
        value = self.expressions.value(given["series"])
        if value.kind == "drawing":
            self.state.record.note("ignored", said("drawing"))
            return
        expr = self.expressions.number_of(value)
        title = (self.text(given.get("title")) or "").strip()
        if "offset" in given:
            self.state.record.note("imported", said("the plot's offset is left out"))
        if not title and isinstance(given["series"], pine.Name):
            title = given["series"].path.rpartition(".")[2]
        self.plots.setdefault(title or f"Plot {len(self.plots) + 1}", expr)
        self.state.add(states.Plot(expr, title))

    def alert_condition(self, node: pine.Call) -> None:
        given = bind_arguments(node, "condition title message", lenient=True)
        if "condition" not in given:
            raise Cannot(said("`alertcondition` needs a condition"))
        condition = self.expressions.condition(given["condition"])
        title = (self.text(given.get("title")) or "").strip()
        message = (
            self.expressions.value(given["message"]) if "message" in given else Value("text", parts=(title,))
        )
        self.add_alert(message, title, condition)

    def alert(self, node: pine.Call, condition: tree.Expr) -> None:
        given = bind_arguments(node, "message freq", lenient=True)
        if "message" not in given:
            raise Cannot(said("`alert` needs a message"))
        freq = given.get("freq")
        if isinstance(freq, pine.Name) and not freq.path.endswith("_close"):
            self.state.record.note("imported", said("a formula tells once per bar, at its close"))
        self.add_alert(self.expressions.value(given["message"]), "", condition)

    def add_alert(self, message: Value, title: str, condition: tree.Expr) -> None:
        if message.choice is not None:  # one alert for each text
            chosen, then, otherwise = message.choice
            for value, when in ((then, chosen), (otherwise, inverse(chosen))):
                when = self.expressions.joined("and", Value("truth", when))
                self.add_alert(
                    value, title, both(self.expressions.joined("and", Value("truth", condition)), when)
                )
            return
        parts: list[str | tree.Expr] = []
        for part in texts.parts_of(message):
            if not isinstance(part, str):
                parts.append(part)
                continue
            filled, unknown = texts.fill_placeholders(part, self.plots)
            parts += filled
            if unknown:
                self.state.record.note(
                    "needs_edit",
                    said("{unknown} has no counterpart in an alert's text", unknown=", ".join(unknown)),
                )
        if any(isinstance(part, str) and ("{" in part or "}" in part) for part in parts):
            self.state.record.note(
                "needs_edit", said("an alert's text cannot hold braces: only its title is kept")
            )
            parts = [title.replace("{", "(").replace("}", ")") or "Alert"]
        if not "".join(part if isinstance(part, str) else "x" for part in parts).strip():
            parts = [title or "Alert"]
        self.state.add(states.Alert(parts, condition))

    # orders

    def order(self, word: str, node: pine.Call, path: Path) -> None:
        if word == "entry":
            self.entry(node, path())
        elif word == "close":
            parameters = "id when comment" if self.state.script.version < 6 else "id comment"
            given = bind_arguments(node, parameters, lenient=True)
            self.close(given, self.entry_id(given, "id"), path())
        elif word == "close_all":
            parameters = "when comment" if self.state.script.version < 6 else "comment"
            given = bind_arguments(node, parameters, lenient=True)
            self.close(given, None, path())
        elif word == "exit":
            self.exit(node, path())
        elif word in ("cancel", "cancel_all"):
            self.state.record.note("ignored", said("a formula has no waiting orders to cancel"))
        elif word == "order":
            raise Cannot(said("strategy.order adds to positions: write long when, short when and exit when"))
        elif word.startswith("risk."):
            raise Cannot(
                said("strategy.{word}: limits on the account are set where the formula runs", word=word)
            )
        else:
            raise Cannot(said("strategy.{word} has no counterpart", word=word))

    def entry_id(self, given: dict[str, pine.Expr], key: str) -> str:
        word = self.text(given.get(key))
        if word is None:
            raise Cannot(said("`{key}` must be a fixed text", key=key))
        return word

    def when(self, given: dict[str, pine.Expr], path: tree.Expr) -> tree.Expr:
        """The condition of the blocks around the call and its own `when`, of versions before 6."""
        if "alert_message" in given:
            self.state.record.note("imported", said("alert_message is left out: write an alert"))
        if "when" not in given:
            return path
        own = self.expressions.value(given["when"])
        return both(path, self.expressions.joined("and", own))

    def entry(self, node: pine.Call, path: tree.Expr) -> None:
        state = self.state
        given = bind_arguments(node, _ENTRY, lenient=True)
        entry_id = self.entry_id(given, "id")
        side_node = given.get("direction", given.get("long"))
        if side_node is None:
            raise Cannot(said("`strategy.entry` needs a direction"))
        side_value = self.expressions.value(side_node)
        if side_value.name in ("strategy.long", "strategy.short"):
            side = side_value.name.partition(".")[2]
        elif isinstance(side_value.expr, tree.Truth):
            side = "long" if side_value.expr.value else "short"
        else:
            raise Cannot(said("the direction must be strategy.long or strategy.short"))
        for key in ("limit", "stop"):
            if key in given and self.expressions.value(given[key]).kind != "na":
                raise Cannot(
                    said(
                        "an entry at a {key} price: a formula enters at the market, on the next bar", key=key
                    )
                )
        condition = self.when(given, path)
        if "qty" in given and self.expressions.value(given["qty"]).kind != "na":
            self.size("units", self.expressions.number(given["qty"]))
        state.entries.setdefault(entry_id, set()).add(side)
        state.entry_paths.append(tuple(state.path))
        state.add(states.Order(side, None, condition))

    def close(self, given: dict[str, pine.Expr], entry_id: str | None, path: tree.Expr) -> None:
        for key in ("qty", "qty_percent"):
            if key in given and not self.is_all(key, given[key]):
                raise Cannot(said("closing a part: a formula closes its whole position"))
        self.state.add(states.Order("close", entry_id, self.when(given, path)))

    def is_all(self, key: str, node: pine.Expr) -> bool:
        value = self.expressions.value(node)
        full = isinstance(value.expr, tree.Number) and value.expr.value == 100
        return value.kind == "na" or (key == "qty_percent" and full)

    def exit(self, node: pine.Call, path: tree.Expr) -> None:
        given = bind_arguments(node, _EXIT, lenient=True)
        entry_id = self.text(given.get("from_entry")) or None
        for key in ("qty", "qty_percent"):
            if key in given and not self.is_all(key, given[key]):
                raise Cannot(said("closing a part: a formula closes its whole position"))
        condition = self.when(given, path)
        levels = {}
        for key in _LEVELS:
            if key in given:
                value = self.expressions.value(given[key])
                if value.kind != "na":
                    levels[key] = self.expressions.number_of(value)
        if not levels:
            raise Cannot(said("`strategy.exit` without a price or distance does nothing"))
        self.state.add(states.Exit(entry_id, levels, condition, tuple(self.state.path)))


def _in_percent(value: tree.Expr) -> tree.Expr:
    """50 as 50%; what is no literal as a multiple of 1%."""
    if isinstance(value, tree.Number):
        return percent(shortest(value.value))
    if isinstance(value, tree.Binary | tree.Ternary) and not value.brackets:
        value.brackets = 1
    return tree.Binary(0, 0, "*", value, percent("1"))
