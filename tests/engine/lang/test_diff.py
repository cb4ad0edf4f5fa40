"""What changed between two versions: sentences by hand, and the hash as the judge of whether anything did."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.engine.lang import FormulaError, compile_formula, format_text, formula_hash, formula_json, parse
from apps.engine.lang.diff import NO_CHANGE, diff, summary
from apps.engine.lang.reader import TreeError, read_formula_json
from apps.engine.lang.signal_diff import signal_diff
from apps.engine.lang.writer import write
from tests.engine.lang.programs import bars_with_holes, formulas
from tests.engine.lang.syntax import mutated, trees

FEW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
LIBRARY = sorted((Path(__file__).parents[3] / "apps/formulas/library").glob("*.formula"))

BASE = """# Trend following with a momentum filter
input fast = 9 in 2..50
input mode = "a" in "a", "b"

fast_ma = ema(close, fast)
slow_ma = ema(close, 21)
line = nz(line[1], close) * 0.9 + fast_ma * 0.1
histogram = macd(close, 12, 26, 9).hist
side = close > open ? 1 : close < open ? -1 : 0

long when crossover(fast_ma, slow_ma) and rsi(close, 14) < 70
short when crossunder(fast_ma, slow_ma)
exit long when close < line
exit after 10 bars

take_profit 6%
trailing_stop by 2 * atr(14)
size 50%

alert "{symbol} under {slow_ma}" when close < slow_ma
plot fast_ma as "Fast"
"""

# what is replaced, what by, and the sentences
GOLDEN: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    ("a length", [("ema(close, 21)", "ema(close, 30)")], ["EMA length 21 → 30 in slow_ma"]),
    ("a source", [("ema(close, 21)", "ema(hl2, 21)")], ["EMA source close → hl2 in slow_ma"]),
    ("a named parameter", [("macd(close, 12, 26, 9)", "macd(close, 12, 26, 7)")], ["MACD signal 9 → 7 in histogram"]),
    ("two parameters", [("macd(close, 12, 26, 9)", "macd(close, 10, 26, 7)")], ["MACD fast 12 → 10 in histogram", "MACD signal 9 → 7 in histogram"]),
    ("a value of a function", [(".hist", ".signal")], ["histogram: `macd(close, 12, 26, 9).hist` → `.signal`"]),
    ("another function", [("ema(close, 21)", "sma(close, 21)")], ["slow_ma: `ema(close, 21)` → `sma(close, 21)`"]),
    ("a default", [("fast = 9", "fast = 12")], ["input fast: default 9 → 12"]),
    ("a range", [("2..50", "2..100")], ["input fast: range 2..50 → 2..100"]),
    ("no range", [(" in 2..50", "")], ["input fast: range removed: 2..50"]),
    ("a step", [("2..50", "2..50 step 2")], ["input fast: step added: 2"]),
    ("a label", [("2..50", '2..50 "Fast"')], ['input fast: label added: "Fast"']),
    ("a kind", [("fast = 9 ", "fast = 9.0 ")], ["input fast: kind integer → number"]),
    ("choices", [('in "a", "b"', 'in "a", "b", "c"')], ['input mode: choices "a", "b" → "a", "b", "c"']),
    ("a threshold", [("< 70", "< 75")], ["long condition: `rsi(close, 14) < 70` → `< 75`"]),
    ("a comparison", [("< 70", "<= 70")], ["long condition: `rsi(close, 14) < 70` → `rsi(close, 14) <= 70`"]),
    ("a function in a condition", [("rsi(close, 14)", "rsi(close, 10)")], ["RSI length 14 → 10 in the long condition"]),
    ("a condition less", [(" and rsi(close, 14) < 70", "")], ["long condition: `rsi(close, 14) < 70` removed"]),
    ("a condition more", [("< 70", "< 70 and volume > 0")], ["long condition: `volume > 0` added"]),
    ("and for or", [("and rsi", "or rsi")], ["long condition: `crossover(fast_ma, slow_ma) and rsi(close, 14) < 70` → `crossover(fast_ma, slow_ma) or rsi(close, 14) < 70`"]),
    ("terms in another order", [("crossover(fast_ma, slow_ma) and rsi(close, 14) < 70", "rsi(close, 14) < 70 and crossover(fast_ma, slow_ma)")], ["long condition: terms of `and` in another order"]),
    ("a percentage", [("6%", "8%")], ["take-profit 6% → 8%"]),
    ("another way", [("take_profit 6%", "take_profit at line")], ["take-profit 6% → at line"]),
    ("a multiple", [("2 * atr(14)", "3 * atr(14)")], ["trailing stop by 2 * atr(14) → by 3 * atr(14)"]),
    ("a length in an order", [("2 * atr(14)", "2 * atr(10)")], ["ATR length 14 → 10 in the trailing stop"]),
    ("a stop added", [("take_profit 6%", "stop_loss 3%\ntake_profit 6%")], ["stop-loss added: 3%"]),
    ("an order removed", [("take_profit 6%\n", "")], ["take-profit removed: 6%"]),
    ("a size", [("size 50%", "size 25%")], ["size 50% → 25%"]),
    ("a size by risk", [("size 50%", "size risk 1%")], ["size 50% → risk 1%"]),
    ("bars held", [("after 10 bars", "after 20 bars")], ["exit after 10 bars → 20 bars"]),
    ("nothing held", [("exit after 10 bars\n", "")], ["exit after 10 bars removed"]),
    ("a series renamed", [("slow_ma", "slow")], ["series slow_ma renamed to slow"]),
    ("a series that uses itself renamed", [("line", "curve")], ["series line renamed to curve"]),
    ("an input renamed", [("input fast", "input n"), ("ema(close, fast)", "ema(close, n)")], ["input fast renamed to n"]),
    ("renamed and changed", [("slow_ma", "slow"), ("21", "34")], ["series slow_ma renamed to slow", "EMA length 21 → 34 in slow"]),
    ("a series added", [("side =", "body = close - open\nside =")], ["series body added: `close - open`"]),
    ("a series removed", [("side = close > open ? 1 : close < open ? -1 : 0\n", "")], ["series side removed: `close > open ? 1 : close < open ? -1 : 0`"]),
    ("a case", [("? 1 :", "? 2 :")], ["side: 1 → 2"]),
    ("a factor", [("fast_ma * 0.1", "fast_ma * 0.2")], ["line: `fast_ma * 0.1` → `fast_ma * 0.2`"]),
    ("history", [("line[1]", "line[2]")], ["nz x `line[1]` → `line[2]` in line"]),
    ("an entry more", [("short when", "long when volume > 9\nshort when")], ["long condition added: `volume > 9`"]),
    ("an alert's text", [("under {", "below {")], ['alert text "{symbol} under {slow_ma}" → "{symbol} below {slow_ma}"']),
    ("an alert's condition", [("close < slow_ma", "close <= slow_ma")], ['alert "{symbol} under {slow_ma}": `close < slow_ma` → `close <= slow_ma`']),
    ("a plot's name", [('"Fast"', '"Quick"')], ['plot "Fast" renamed to "Quick"']),
    ("a plot's value", [("plot fast_ma", "plot slow_ma")], ['plot "Fast": fast_ma → slow_ma']),
    ("a plot removed", [('plot fast_ma as "Fast"\n', "")], ['plot "Fast" removed: `fast_ma`']),
    ("order", [("fast_ma = ema(close, fast)\nslow_ma = ema(close, 21)", "slow_ma = ema(close, 21)\nfast_ma = ema(close, fast)")], ["series fast_ma moved, line 5 → 6"]),
    ("a series made an input", [("slow_ma = ema(close, 21)", "input slow_ma = 100")], ["series slow_ma removed: `ema(close, 21)`", "input slow_ma added: 100"]),
    ("comments, layout and brackets", [("# Trend", "# A trend"), ("6%", "6.0%"), ("close < line", "((close) < line)"), ("\n\n", "\n")], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("replaced", "sentences"), [row[1:] for row in GOLDEN], ids=[row[0] for row in GOLDEN]
)
def test_a_change_is_said(replaced: list[tuple[str, str]], sentences: list[str]) -> None:
    new = BASE
    for before, after in replaced:
        assert before in new
        new = new.replace(before, after)
    assert [change.sentence for change in diff(BASE, new)] == sentences


def test_the_example_of_the_feature() -> None:
    old = "x = ema(close, 9)\nlong when close > x\nexit when close < x\n"
    new = "x = ema(close, 12)  # slower\nlong when close > x\nexit when close < x\nstop_loss 3%\n"
    assert summary(old, new) == "EMA length 9 → 12 in x; stop-loss added: 3%; entry, exits unchanged"
    assert summary(old, "# only this\n" + old) == NO_CHANGE


def test_two_series_never_become_one_by_a_rename() -> None:
    old = "p = close\nq = close\nz = p - q\nlong when z > 0\n"
    new = "r = close\ny = r - r\nlong when y > 0\n"
    assert [change.sentence for change in diff(old, new)] == [
        "series p renamed to r",
        "series q removed: `close`",
        "series z renamed to y",
        "y: `p - q` → `r - r`",
    ]


def test_a_change_knows_its_places() -> None:
    change = diff("long when close > 1\n", "# moved down\nlong when volume > 9 and close > 2\n")
    assert [each.as_dict() for each in change] == [
        {
            "kind": "changed", "subject": "long", "sentence": "long condition: `close > 1` → `> 2`", "old": "1", "new": "2",
            "old_line": 1, "new_line": 2, "old_node": "/statements/0/when/rest/0/1", "new_node": "/statements/0/when/rest/1/1/rest/0/1",
        },
        {
            "kind": "added", "subject": "long", "sentence": "long condition: `volume > 9` added", "old": None, "new": "volume > 9",
            "old_line": 1, "new_line": 2, "old_node": "/statements/0", "new_node": "/statements/0/when/rest/0",
        },
    ]  # fmt: skip


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(FormulaError, match="line 1"):
        diff("long when", "long when close > 1")


def assert_only_meaning_counts(old: str, new: str) -> None:
    """There is a change exactly where the hash differs, and each has a sentence and places."""
    same = formula_hash(parse(old).formula) == formula_hash(parse(new).formula)
    changes = diff(old, new)
    assert (not changes) == same, (old, new, changes)
    contents = [formula_json(parse(text).formula) for text in (old, new)]
    for change in changes:
        assert change.sentence
        assert "\n" not in change.sentence
        places = ((old, change.old_line, change.old_node), (new, change.new_line, change.new_node))
        for content, (text, line, node) in zip(contents, places, strict=True):
            if node is not None:
                assert at(content, node) is not None
                assert line is not None
                assert 1 <= line <= text.count("\n") + 1
    assert summary(old, new)


def at(content: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        content = content[int(key)] if isinstance(content, list) else content[key]
    return content


@FEW
@given(formulas())
def test_a_formatted_formula_has_not_changed(text: str) -> None:
    assert diff(text, format_text(text)) == []
    assert_only_meaning_counts(text, "# other\n\n" + format_text(text))


@FEW
@given(formulas(), formulas())
def test_any_two_formulas_are_compared(old: str, new: str) -> None:
    assert_only_meaning_counts(old, new)


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, str]:
    """A tree and the same with small changes, as texts."""
    old = draw(trees())
    new = draw(mutated(st.just(old)))
    try:
        changed = read_formula_json(new)
    except TreeError:
        changed = read_formula_json(draw(trees()))
    return write(read_formula_json(old)), write(changed)


@FEW
@given(versions())
def test_small_changes_are_found(both: tuple[str, str]) -> None:
    assert_only_meaning_counts(*both)


@pytest.mark.prove
@MANY
@given(versions())
def test_small_changes_are_found_at_length(both: tuple[str, str]) -> None:
    assert_only_meaning_counts(*both)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_names_alone_are_renames(path: Path) -> None:
    """Every definition of a template renamed at once, also those that use one another."""
    text = path.read_text(encoding="utf-8")
    content = formula_json(parse(text).formula)
    names = [item["name"] for item in content["statements"] if item["type"] == "definition"]
    renamed = write(read_formula_json(_renamed(content, names)))
    changes = diff(text, renamed)
    assert [change.kind for change in changes] == ["renamed"] * len(names)


def _renamed(content: Any, names: list[str]) -> Any:
    if isinstance(content, list):
        return [_renamed(value, names) for value in content]
    if not isinstance(content, dict):
        return content
    item = {key: _renamed(value, names) for key, value in content.items()}
    if item.get("type") in ("name", "definition") and item["name"] in names:
        item["name"] += "_new"
    if item.get("type") == "alert":
        for name in names:
            item["text"] = item["text"].replace("{" + name + "}", "{" + name + "_new}")
    return item


def test_large_formulas_are_compared_in_time() -> None:
    many = "".join(f"a{i} = close\n" for i in range(900))
    assert len(diff(many, many.replace("a", "b"))) == 900
    chain = "long when " + " and ".join(["close > 1"] * 700)
    assert diff(chain, chain.replace("close > 1 and close > 1", "close > 2 and close > 1", 5))


# signals


def test_signals_added_and_removed() -> None:
    """By hand, on closes 1 2 3 4 5: above 2 from bar 2 on, above 3 from bar 3 on."""
    bars = bars_with_holes(5, 1, holes=0)
    bars.close[:] = [1.0, 2.0, 3.0, 4.0, 5.0]
    old, new = "input n = 2\nlong when close > n", 'long when close > 3\nalert "hi" when close > 4'
    found = signal_diff(old, new, bars)
    assert [(s.bar, s.kind) for s in found.removed] == [(2, "long")]
    assert [(s.bar, s.kind, s.text) for s in found.added] == [(4, "alert", "hi")]
    assert found.kept == 2
    assert signal_diff(old, new, bars, {"n": 3}).removed == []
    assert found.as_dict()["removed"][0]["kind"] == "long"
    with pytest.raises(FormulaError):
        signal_diff(old, "long when clos > 1", bars)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), formulas(), st.integers(0, 100))
def test_signals_add_up(old: str, new: str, seed: int) -> None:
    bars = bars_with_holes(80, seed)
    found = signal_diff(old, new, bars)
    assert found.kept + len(found.added) == len(compile_formula(new).evaluate(bars).signals)
    assert found.kept + len(found.removed) == len(compile_formula(old).evaluate(bars).signals)
    again = signal_diff(old, old, bars)
    assert (again.added, again.removed) == ([], [])
