"""The candle tables of docs/fills.md, read as the page says they are to be read.

A row's sums are done here, exactly and without the engine, and held against the figure printed behind them.
"""

import ast
import operator
import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from apps.engine.bars import Bars
from apps.engine.sim.spec import EXIT, EXIT_LONG, EXIT_SHORT, LONG, SHORT, Orders, Protection, SimParams, Size

PAGE = Path(__file__).parents[3] / "docs" / "fills.md"
DAY_MS = 86_400_000
HALF_MS = DAY_MS // 2

WORDS = {"long": LONG, "short": SHORT, "exit long": EXIT_LONG, "exit short": EXIT_SHORT, "exit": EXIT}
PROTECTIONS = {"stop_loss": "stop", "take_profit": "target", "trailing_stop": "trail"}
CONDITIONS = {
    "cash", "fee", "slippage_bps", "tick", "lot", "min_size", "min_notional", "borrow_per_day", "funding_per_day",
}  # fmt: skip
OF_A_TRADE = ("size", "fee", "exit fee", "carry", "pnl", "return", "mark", "mae", "mfe")
TRADE = re.compile(r"(long|short) (\d+) @ (.+) → (\d+) @ (.+) (\w+)")
OPEN = re.compile(r"open (long|short) (\d+) @ (.+)")
FIGURE = re.compile(r"([a-z][a-z_]*(?: fee)?) (.+)")
OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


@dataclass
class Expected:
    """A trade a row names, and the figures that follow it. A number is a Fraction, exact."""

    side: int
    entry: int
    price: Fraction
    exit: int | None = None  # None: left open
    out: Fraction | None = None
    reason: str | None = None
    figures: dict[str, Fraction] = field(default_factory=dict)


@dataclass
class Case:
    """A row: what is run, and what must come out."""

    rule: int
    title: str
    bars: Bars
    orders: Orders
    params: SimParams
    finer: Bars | None
    trades: list[Expected]
    figures: dict[str, Fraction | None]  # of the account, its counts and metrics; None for null
    equity: list[Fraction] | None


def rows(rule):
    """The cells of each row of a rule's table on the page, the heading left out."""
    section = re.split(rf"### Rule {rule}: .*\n", PAGE.read_text(encoding="utf-8"))[1].split("\n### ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def cases():
    """Every candle case of the page."""
    return [case(rule, *cells) for rule in range(12) for cells in rows(rule)]


def number(text):
    """An exact number from `97.5` or from `1000 / (100 x 1.001) = 9.99001`, whose right side is the sum, rounded."""
    total, equals, printed = text.partition(" = ")
    value = calculated(ast.parse(total.replace(" x ", " * "), mode="eval").body)
    if equals:
        _, _, decimals = printed.partition(".")
        assert abs(value - Fraction(printed)) <= Fraction(1, 2 * 10 ** len(decimals)), (
            f"{text}: {float(value)}"
        )
    return value


def calculated(node):
    match node:
        case ast.Constant():
            return Fraction(str(node.value))
        case ast.UnaryOp(op=ast.USub()):
            return -calculated(node.operand)
        case ast.BinOp():
            return OPERATORS[type(node.op)](calculated(node.left), calculated(node.right))
    raise ValueError(ast.dump(node))


def case(rule, title, candles, requests, given, follows):
    prices, parts = zip(*(candle(text) for text in candles.split(" · ")), strict=True)
    n = len(prices)
    conditions, asks, days = settings(given, n)
    time = (np.array(days) * DAY_MS).astype(np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    for request in requests.split(", ") if requests != "-" else []:
        index, _, words = request.partition(": ")
        flags[int(index)] = sum(WORDS[word] for word in words.split(" + "))
    trades, figures, equity = results(follows)
    return Case(
        rule,
        title,
        Bars(time, *np.array(prices).T, np.ones(n), timeframe_ms=DAY_MS),
        Orders(flags, **asks),
        SimParams(**({"cash": 1000.0, "fee": 0.0} | conditions)),
        finer_bars(time, parts),
        trades,
        figures,
        equity,
    )


def candle(text):
    """(open, high, low, close) and the half-day bars in brackets behind it."""
    whole, bracket, inside = text.partition(" [")
    halves = inside.removesuffix("]").split(" / ") if bracket else []
    return four(whole), [None if half == "-" else four(half) for half in halves]


def four(text):
    numbers = [float(each) for each in text.split()]
    return tuple(numbers * 4) if len(numbers) == 1 else tuple(numbers)


def finer_bars(time, parts):
    found = [
        (int(opening) + k * HALF_MS, *half)
        for opening, halves in zip(time, parts, strict=True)
        for k, half in enumerate(halves)
        if half is not None
    ]
    if not found:
        return None
    columns = np.array(found).T
    return Bars(columns[0].astype(np.int64), *columns[1:], np.ones(len(found)), timeframe_ms=HALF_MS)


def settings(given, n):
    """The conditions, the orders and the days of a row."""
    conditions, asks, days = {}, {}, list(range(n))
    for item in given.split(", ") if given != "-" else []:
        name, *rest = item.split()
        if name in PROTECTIONS:
            asks[PROTECTIONS[name]] = protection(rest)
        elif name == "size":
            asks["size"] = size(rest)
        elif item.startswith("exit after "):
            asks["exit_after"] = int(rest[1])
        elif name == "days":
            days = [float(each) for each in rest]
        elif name == "fill":
            conditions["fill"] = rest[0]
        else:
            assert name in CONDITIONS, item
            conditions[name] = float(rest[0])
    return conditions, asks, days


def protection(words):
    if words[0].endswith("%"):
        return Protection("percent", float(words[0][:-1]) / 100)
    return Protection(words[0], series=np.array([float("nan" if x == "na" else x) for x in words[1:]]))


def size(words):
    match words:
        case ["risk", share]:
            return Size("risk", float(share[:-1]) / 100)
        case [units, "units"]:
            return Size("units", float(units))
        case [share] if share.endswith("%"):
            return Size("percent", float(share[:-1]) / 100)
        case [amount]:
            return Size("quote", float(amount))
    raise ValueError(words)


def results(text):
    """The trades with their figures, the figures of the account, and its equity where it is given."""
    trades, figures, equity = [], {}, None
    for item in text.split("; "):
        if done := TRADE.fullmatch(item):
            side, entry, price, leave, out, reason = done.groups()
            sides = 1 if side == "long" else -1
            trades.append(Expected(sides, int(entry), number(price), int(leave), number(out), reason))
        elif held := OPEN.fullmatch(item):
            side, entry, price = held.groups()
            trades.append(Expected(1 if side == "long" else -1, int(entry), number(price)))
        else:
            name, value = FIGURE.fullmatch(item).groups()
            if name == "equity":
                equity = [number(each) for each in value.split(" · ")]
            elif name in OF_A_TRADE:
                trades[-1].figures[name] = number(value)
            else:
                figures[name] = None if value == "null" else number(value)
    return trades, figures, equity
