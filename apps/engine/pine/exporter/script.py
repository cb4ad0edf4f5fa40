"""The whole script: declaration, helpers, the formula's statements, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.engine.lang import tree
from apps.engine.lang.analysis import analyse
from apps.engine.lang.errors import Problem
from apps.engine.lang.parser import parse
from apps.engine.lang.paths import node_paths
from apps.engine.pine.exporter.literals import number, quoted
from apps.engine.pine.exporter.meaning import Meaning
from apps.engine.pine.exporter.messages import alert_lines, message_lines, text_alert_lines
from apps.engine.pine.exporter.orders import order_lines
from apps.engine.pine.exporter.statements import Written, children, expressions_of, is_price, write_statements
from apps.engine.pine.helpers import helpers_for
from apps.engine.said import said
from apps.engine.sim.spec import SimParams

Kind = Literal["indicator", "strategy"]

# what one script may hold on TradingView
MAX_PLOTS = 64
MAX_REQUESTS = 40
MAX_VARIABLES = 1_000
MAX_TITLE = 100


@dataclass(frozen=True)
class PineExport:
    """A script, or the problems for which there is none: a script that lacks a part would look complete."""

    script: str
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"script": self.script, "problems": [problem.as_dict() for problem in self.problems]}


def export_pine(
    text: str, kind: Kind = "indicator", name: str = "Formula", settings: Mapping[str, Any] | None = None
) -> PineExport:
    """The formula `text` as a Pine v6 script called `name`, with `settings` as its inputs' defaults.

    An indicator plots and sends an alert for each signal; a strategy trades by docs/fills.md as far as TradingView
    can. What is wrong with the formula, or cannot be said in Pine, comes back as problems. Raises ValueError for
    another kind.
    """
    if kind not in ("indicator", "strategy"):
        raise ValueError(f"kind must be indicator or strategy, not {kind!r}")
    parsed = parse(text)
    found = analyse(parsed, settings)
    if found.problems:
        return PineExport("", found.problems)
    formula = parsed.formula
    unwritable = _unwritable(formula)
    if unwritable:
        return PineExport("", unwritable)
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:MAX_TITLE] or "Formula"
    if kind == "strategy" and not any(
        isinstance(s, tree.Condition) and s.kind in ("long", "short") for s in formula.statements
    ):
        problem = Problem(
            1, 1, said("a strategy needs a long or a short"), said("export the formula as an indicator")
        )
        return PineExport("", [problem])
    meaning = Meaning(formula, found)
    written = write_statements(formula, meaning)
    overlay = all(is_price(s.value, meaning) for s in formula.statements if isinstance(s, tree.Plot))
    if kind == "strategy":
        tail = ["//- Orders", *message_lines(formula, name), *order_lines(written, SimParams.fee)]
        if written.texts:
            tail += text_alert_lines(written)
    else:
        tail = ["//- Alerts", *message_lines(formula, name), *alert_lines(written, overlay)]
    body = ["//- Formula", *written.code.lines, "", *tail]
    problems = written.code.problems + _beyond_limits(written)
    if problems:
        return PineExport("", sorted(set(problems)))
    helpers = [line for text in helpers_for("\n".join(body)) for line in text.split("\n")]
    lines = [
        "//@version=6",
        "//- Exported by Candlewright, whose page on Pine Script says where TradingView differs.",
        *_declaration(kind, name, overlay, found.plan.size.kind, found.plan.size.value),
        "",
    ]
    if helpers:
        lines += ["//- Functions", *helpers, ""]
    return PineExport("\n".join([*lines, *body]) + "\n")


def _unwritable(formula: tree.Formula) -> list[Problem]:
    """Texts with characters that end a line, or cannot be seen: no text of Pine can hold them."""
    problems = []
    paths = node_paths(formula)
    for node in formula.statements:
        texts = [getattr(node, "text", None), getattr(node, "label", None)]
        if isinstance(node, tree.Plot | tree.Input):
            texts.append(node.name)
        if isinstance(node, tree.Input):
            texts += [
                part.value for part in [node.default, *(node.choices or [])] if isinstance(part, tree.Text)
            ]
        work = expressions_of(node)
        while work:
            part = work.pop()
            if isinstance(part, tree.Text):
                texts.append(part.value)
            work += children(part)
        if any(text is not None and not text.isprintable() for text in texts):
            message = said("a text here holds a character that cannot be printed, which Pine cannot hold")
            problems.append(
                Problem(node.line, node.column, message, said("type the text anew"), paths[id(node)])
            )
    return problems


def _declaration(kind: Kind, name: str, overlay: bool, size_kind: str, size: float) -> list[str]:
    shown = "true" if overlay else "false"
    if kind == "indicator":
        return [f"indicator({quoted(name)}, overlay = {shown})"]
    conditions = SimParams()
    type_, value = {
        "percent": ("percent_of_equity", size * 100),
        "risk": ("percent_of_equity", 100.0),  # the script works out each order's units
        "quote": ("cash", size),
        "units": ("fixed", size),
    }[size_kind]
    arguments = {
        "overlay": shown,
        "initial_capital": number(conditions.cash),
        "currency": "currency.NONE",
        "default_qty_type": f"strategy.{type_}",
        "default_qty_value": number(round(value, 10)),
        "commission_type": "strategy.commission.percent",
        "commission_value": number(round(conditions.fee * 100, 10)),
        "slippage": "0",
        "pyramiding": "0",
        "margin_long": "100",
        "margin_short": "100",
        "process_orders_on_close": "false",
        "calc_on_every_tick": "false",
        "calc_on_order_fills": "false",
        "close_entries_rule": '"FIFO"',
        "backtest_fill_limits_assumption": "0",
        "use_bar_magnifier": "false",
        "fill_orders_on_standard_ohlc": "true",
    }
    given = ", ".join(f"{key} = {value}" for key, value in arguments.items())
    return [
        f"strategy({quoted(name)}, {given})",
        "//@strategy_alert_message {{strategy.order.alert_message}}",
    ]


def _beyond_limits(written: Written) -> list[Problem]:
    """What TradingView would refuse for its size."""
    problems = []
    lines = written.code.lines
    requests = sum("request.security(" in line for line in lines)
    variables = sum(" = " in line for line in lines)
    for what, count, most, hint in (
        ("plots", written.plots, MAX_PLOTS, said("remove some plots")),
        (
            said("requests of other timeframes"),
            requests,
            MAX_REQUESTS,
            said("each tf() takes two; use fewer"),
        ),
        ("variables", variables, MAX_VARIABLES, said("split the formula")),
    ):
        if count > most:
            message = said(
                "the script would have {count} {what}; Pine allows {most}", count=count, what=what, most=most
            )
            problems.append(Problem(1, 1, message, hint))
    return problems
