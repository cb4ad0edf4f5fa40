"""Tests kept with a formula: they stand in the way of publishing what fails them."""

from __future__ import annotations

import numpy as np
import pytest

from apps.engine.lang.cases import MAX_CASES, read_case
from apps.formulas.errors import CaseNameTaken, FailingCases, InvalidCase, InvalidFormula
from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.services import (
    add_case,
    add_snapshot,
    change_case,
    create_formula,
    publish_formula,
    remove_case,
    restore_case,
    run_tests,
    save_formula,
)
from apps.journal.models import Entry
from apps.markets.services import load_bars
from tests.formulas.vector import UT_BOT, VECTOR

ABOVE = "long when close > 10"
CASE = {"name": "fires", "bars": [9, 11], "signals": [{"bar": 1, "kind": "long"}]}


@pytest.fixture
def formula(workspace, user) -> Formula:
    return create_formula(workspace, name="Above", text=ABOVE, actor=user)


def test_published_vector_is_published_with_its_test(workspace, user):
    formula = create_formula(workspace, name="UT Bot", text=UT_BOT, actor=user)
    add_case(formula, VECTOR, actor=user)
    assert publish_formula(formula, actor=user).cases == [VECTOR]


def test_failing_test_blocks_publishing(formula, user):
    kept = add_case(formula, CASE, actor=user)
    add_case(formula, CASE | {"name": "fires first", "signals": [{"bar": 0, "kind": "long"}]}, actor=user)
    with pytest.raises(FailingCases) as caught:
        publish_formula(formula, actor=user)
    assert "“fires first”: long at bar 0 did not fire; long at bar 1 fired" in caught.value.message
    (failing,) = caught.value.extra["failing_cases"]
    assert failing["missing"] == [{"bar": 0, "time": "2024-01-01T00:00:00Z", "kind": "long", "text": None}]
    assert not FormulaVersion.objects.exists()
    remove_case(kept, actor=user)
    with pytest.raises(FailingCases):
        publish_formula(formula, actor=user)
    save_formula(formula, name="Above", text="long when close > 8 and close < 10", actor=user)
    assert publish_formula(formula, actor=user).number == 1
    add_case(formula, CASE, actor=user)
    with pytest.raises(FailingCases):  # the same meaning is published, and fails what is asked of it now
        publish_formula(formula, actor=user)


def test_run_tells_of_the_draft_or_of_any_text(formula, user):
    kept = add_case(formula, CASE, actor=user)
    assert [(result["uuid"], result["ok"]) for result in run_tests(formula)] == [(str(kept.uuid), True)]
    assert [result["ok"] for result in run_tests(formula, "long when close > 11")] == [False]
    assert "did you mean" in run_tests(formula, "long when clos > 11")[0]["error"]


def test_unreadable_tests_are_refused_with_their_place(formula, user):
    with pytest.raises(InvalidCase) as caught:
        add_case(formula, CASE | {"bars": [9, "x"]}, actor=user)
    assert caught.value.extra["case_error"]["place"] == "/bars/1"
    with pytest.raises(InvalidCase, match="at most 1024 KiB"):
        add_case(formula, CASE | {"symbol": "x" * 1024 * 1024}, actor=user)


def test_names_are_unique_and_the_number_is_limited(formula, user):
    kept = add_case(formula, CASE, actor=user)
    with pytest.raises(CaseNameTaken):
        add_case(formula, CASE, actor=user)
    other = add_case(formula, CASE | {"name": "other"}, actor=user)
    with pytest.raises(CaseNameTaken):
        change_case(other, CASE, actor=user)
    remove_case(kept, actor=user)
    change_case(other, CASE, actor=user)
    with pytest.raises(CaseNameTaken):
        restore_case(kept, actor=user)
    for i in range(MAX_CASES - 1):
        add_case(formula, CASE | {"name": str(i)}, actor=user)
    with pytest.raises(InvalidCase, match="at most 100"):
        add_case(formula, CASE | {"name": "one more"}, actor=user)


def test_all_bars_together_are_limited(formula, user):
    for i in range(10):
        add_case(formula, {"name": str(i), "bars": [1] * 5000, "signals": []}, actor=user)
    with pytest.raises(InvalidCase, match="50000 bars"):
        add_case(formula, CASE, actor=user)


def test_removed_test_comes_back_in_its_place(formula, user):
    kept = add_case(formula, CASE, actor=user)
    add_case(formula, CASE | {"name": "second"}, actor=user)
    remove_case(kept, actor=user)
    assert [result["name"] for result in run_tests(formula)] == ["second"]
    restore_case(kept, actor=user)
    assert [result["name"] for result in run_tests(formula)] == ["fires", "second"]
    deeds = list(
        Entry.objects.filter(action__startswith="formulas.case.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert deeds == [f"formulas.case.{deed}" for deed in ("added", "added", "removed", "restored")]


def test_test_from_data_holds_what_fires_now(formula, user, bar_set):
    save_formula(formula, name="Cross", text="long when crossover(ema(close, 9), ema(close, 21))", actor=user)
    bars = load_bars(bar_set)
    kept = add_snapshot(formula, bars.slice(100, 200), name="wave", settings=None, first=30, actor=user)
    case = read_case(kept.content)
    assert case.is_snapshot
    # crossings found without our functions: an EMA of 9 over one of 21, seeded with their means
    closes = bars.close[100:200]
    assert [signal.bar for signal in case.signals] == [i for i in crossings(closes) if i >= 30] != []
    assert run_tests(formula)[0]["ok"]
    save_formula(formula, name="Cross", text="long when clos > 1", actor=user)
    with pytest.raises(InvalidFormula):
        add_snapshot(formula, bars.slice(0, 10), name="x", settings=None, first=0, actor=user)


def crossings(closes: np.ndarray) -> list[int]:
    def ema(n: int) -> list[float]:
        values = [float("nan")] * (n - 1) + [float(np.mean(closes[:n]))]
        for close in closes[n:]:
            values.append(values[-1] + (close - values[-1]) * 2 / (n + 1))
        return values

    fast, slow = ema(9), ema(21)
    return [i for i in range(1, len(closes)) if fast[i - 1] <= slow[i - 1] and fast[i] > slow[i]]
