"""Formulas in plain English: expected sentences are written by hand."""

import re

import pytest
from hypothesis import HealthCheck, given, settings

from apps.engine.lang import parse, tree
from apps.engine.lang.explain import explain, explain_statement
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.lang.lexer import quote
from apps.engine.lang.phrases import PHRASES, chart_of
from apps.engine.program.calendar import read_timeframe
from tests.engine.lang.programs import formulas
from tests.engine.lang.test_one_code import example_call

TREND = """input fast = 9 in 2..50
input slow = 21 in 5..200 step 5
fast_ma = ema(close, fast)
slow_ma = ema(close, slow)
long when crossover(fast_ma, slow_ma) and rsi(close, 14) < 70
exit long when crossunder(fast_ma, slow_ma)
stop_loss 3%
take_profit 6%
size 50%
plot fast_ma as "Fast"
alert "Fast over slow on {symbol} at {close}" when crossover(fast_ma, slow_ma)
"""
TREND_IN_WORDS = """\
Settings: fast (9, adjustable from 2 to 50); slow (21, adjustable from 5 to 200 in steps of 5).

fast_ma is the exponential average of the close over fast bars. \
slow_ma is the exponential average of the close over slow bars.

Goes long (buys) when fast_ma rises above slow_ma and the 14-bar RSI of the close is below 70. \
Closes a long position when fast_ma falls below slow_ma.

The stop-loss stands 3% away from the entry price. The take-profit stands 6% away from the entry price. \
Each position is worth 50% of equity.

Sends the alert "Fast over slow on {symbol} at {close}" when fast_ma rises above slow_ma.

Draws fast_ma as "Fast"."""

SENTENCES = {
    # statements
    "short when close < open": "Goes short (sells) when the close is below the open.",
    "exit short when close >= 5": "Closes a short position when the close is at or above 5.",
    "exit when hour == 22": "Closes any position when the bar's opening hour equals 22.",
    "exit after 1 bars": "Closes a position after 1 bar.",
    "exit after 12 bars": "Closes a position after 12 bars.",
    "stop_loss by 2 * atr(14)": (
        "The stop-loss stands away from the entry price by 2 times the 14-bar average true range, "
        "measured on the bar of the signal."
    ),
    "take_profit at bb(close, 20, 2).upper": (
        "The take-profit stands at the upper Bollinger band of the close (20 bars, 2 deviations), "
        "and moves with it at every close."
    ),
    "trailing_stop 2.5%": "The trailing stop follows the best price at a distance of 2.5%.",
    "size 1000": "Each position is worth 1000 in quote currency.",
    "size 1 units": "Each position is 1 unit.",
    "size risk 1%": "Each position is sized so that its stop-loss would lose 1% of equity.",
    'plot -close as "Upside down"': 'Draws minus the close as "Upside down".',
    # what binds to what
    "x = close - 2 * atr(3)": "x is the close minus (2 times the 3-bar average true range).",
    "x = (close - 2) * atr(3)": "x is (the close minus 2) times the 3-bar average true range.",
    "x = close - (open - low) - 1": "x is the close minus (the open minus the low) minus 1.",
    "x = bar_index % 5 + 1": (
        "x is (the remainder of the bar's number (counted from 0) divided by 5) plus 1."
    ),
    "x = sma(close - open, 3)": "x is the 3-bar simple average of (the close minus the open).",
    "x = sma(close, 3) - open": "x is (the 3-bar simple average of the close) minus the open.",
    "x = ema(close[3], 9)": "x is the 9-bar exponential average of (the close 3 bars ago).",
    "x = ema(close, 9)[3]": "x is (the 9-bar exponential average of the close) 3 bars ago.",
    "long when close > 1 or close > 2 and close > 3": (
        "Goes long (buys) when the close is above 1 or (the close is above 2 and the close is above 3)."
    ),
    "long when (close > 1 or close > 2) and not (close > 3)": (
        "Goes long (buys) when (the close is above 1 or the close is above 2) "
        "and it is not true that (the close is above 3)."
    ),
    "x = close > 1 ? 2 : close > 3 ? 4 : 5": (
        "x is 2 if the close is above 1, 4 if the close is above 3, otherwise 5."
    ),
    "x = (close > 1 ? 2 : 4) + 5": "x is (2 if the close is above 1, otherwise 4) plus 5.",
    "x = stdev(log(close), 20) * sqrt(252)": (
        "x is (the 20-bar standard deviation of the natural logarithm of the close) times the square root of 252."
    ),
    "x = -1 * -close": "x is -1 times (minus the close).",
    # series of their own past, other timeframes
    "x = nz(x[1], 0) + 1": "x is (its own value one bar ago, or 0 while that is missing) plus 1.",
    "flip = not flip[2]": "flip is true when it was false 2 bars ago.",
    "long when (close > open)[2]": "Goes long (buys) when (the close is above the open) was true 2 bars ago.",
    'x = tf("1d", ema(close, 50))': (
        "x is the 50-bar exponential average of the close (on the daily chart, as of its last closed bar)."
    ),
    'long when tf("4h", close > open)': (
        "Goes long (buys) when on the 4-hour chart, as of its last closed bar, (the close is above the open)."
    ),
    # functions
    "x = highest(high, 20)": "x is the highest high of the last 20 bars.",
    "x = lowest(rsi(close, 2), 1)": (
        "x is the lowest value of (the 2-bar RSI of the close) over the last 1 bar."
    ),
    "x = macd(close, 12, 26, 9).hist": "x is the MACD histogram of the close (12, 26 and 9 bars).",
    "x = max(close, open, low * 2)": "x is the largest of the close, the open and (the low times 2).",
    "x = round(close, 1)": "x is the value of the close rounded to 1 decimal.",
    "long when rising(close, 3)": "Goes long (buys) when the close is above each of the 3 values before it.",
    "long when falling(close, 1)": "Goes long (buys) when the close is below the 1 value before it.",
    "x = barssince(close > open)": "x is the number of bars since (the close is above the open) last held.",
    "x = supertrend(3, 10).line": "x is the Supertrend line (3 average ranges of 10 bars).",
}


def test_the_pages_example_reads_as_a_trader_would_say_it() -> None:
    assert explain(parse(TREND).formula) == TREND_IN_WORDS


@pytest.mark.parametrize("text", SENTENCES)
def test_a_statement_reads_as_written_by_hand(text: str) -> None:
    parsed = parse(text)
    assert not parsed.problems
    assert explain_statement(parsed.formula.statements[0], parsed.formula) == SENTENCES[text]
    assert explain(parsed.formula) == SENTENCES[text]


def test_names_are_conditions_where_their_definitions_are() -> None:
    formula = parse(
        'input on = true\ninput mode = "fast" in "fast", "slow"\nup = close > open\nsame = up\n'
        'long when on and same and mode != "slow" and up == on and not up[1]'
    ).formula
    assert explain(formula) == (
        'Settings: on (true, may be true or false); mode ("fast", one of "fast" and "slow").\n\n'
        "up is true when the close is above the open. same is true when up is true.\n\n"
        'Goes long (buys) when on is true and same is true and mode is not "slow" '
        "and (up is true) and (on is true) are both true or both false "
        "and up was false one bar ago."
    )


def test_a_share_of_equity_may_come_from_an_input() -> None:
    formula = parse('input part = 20% "Share"\nsize part * 2\nlong when close > 1').formula
    assert explain_statement(formula.statements[0], formula) == (
        'Setting: part, shown as "Share" (20%, adjustable).'
    )
    assert explain_statement(formula.statements[1], formula) == (
        "Each position is worth part times 2 of equity."
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_phrase_of_its_own(name: str) -> None:
    function = FUNCTIONS[name]
    outputs = function.outputs or ("",)
    phrases = [PHRASES[f"{name}.{output}" if output else name] for output in outputs]
    assert len(set(phrases)) == len(phrases)
    others = {key: phrase for key, phrase in PHRASES.items() if key.partition(".")[0] != name}
    assert not set(phrases) & set(others.values())
    call = example_call(name)
    formula = parse(f"x = {call}").formula
    said = explain(formula)
    assert name + "(" not in said
    assert not re.search(r"[{}]", said)


def words_of(formula: tree.Formula) -> set[str]:
    """What must not be lost: numbers, texts and names of its own, in some form."""
    found: set[str] = set()

    def walk(node: object) -> None:
        match node:
            case tree.Number():
                found.add("one" if node.text == "1" else node.text)
            case tree.Call(name="tf", arguments=[tree.Text() as frame, inner]):
                known = read_timeframe(frame.value)
                assert known is not None
                found.add(chart_of(known.name))
                walk(inner)
                return
            case tree.Text():
                found.add(quote(node.value))
            case tree.Name() if node.name not in FUNCTIONS and node.name != "na":
                found.add(node.name)
        for part in getattr(node, "__dataclass_fields__", ()):
            value = getattr(node, part)
            for item in value if isinstance(value, list) else [value]:
                walk(item)

    for statement in formula.statements:
        walk(statement)
        if isinstance(statement, tree.Alert):
            found.add(quote(statement.text))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_nothing_of_a_formula_is_dropped(text: str) -> None:
    check_nothing_dropped(text)


@pytest.mark.prove
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_nothing_of_any_formula_is_dropped(text: str) -> None:
    check_nothing_dropped(text)


def check_nothing_dropped(text: str) -> None:
    formula = parse(text).formula
    said = explain(formula)
    for word in words_of(formula):
        form = r"(\bone\b|\b1\b)" if word == "one" else re.escape(word)
        assert re.search(form, said), (word, text, said)
    assert said.count("(") == said.count(")")
    assert not re.search(r"\b1 \w+s ago|\bbars bars\b|  |\.\.(?!\.)", said.replace("...", ""))


@pytest.mark.parametrize(
    "text",
    [
        "x = nosuch(1, 2)\nlong when x",
        "x = macd(close)\ny = macd(close, 1, 2, 3)\nlong when y.z > 1",
        "long when tf(close) + ema",
        "x = y\ny = x\nlong when x and y",
        "long when " + "(" * 60 + "close > 1" + ")" * 60,
        "x = " + " + ".join(["close"] * 1900),
        "long when " + " and ".join(["close > 1"] * 900),
        "x = " + "-" * 3000 + "close",
        "x = " + "close > 1 ? 2 : " * 400 + "3",
        "size " + " + ".join(["1%"] * 1900),
        "\n".join(f"a{i} = a{i + 1}" for i in range(1200)) + "\nlong when a0",
        "x = " + "nz(close + " * 60 + "1" + ")" * 60,
        "",
    ],
)
def test_no_formula_is_too_odd(text: str) -> None:
    explain(parse(text).formula)
