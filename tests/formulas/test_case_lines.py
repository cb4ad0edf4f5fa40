"""Tests written as lines, and how they read as JSON."""

from __future__ import annotations

import pytest

from apps.formulas.case_lines import LineError, as_lines, bars_of, signals_of
from apps.formulas.models import FormulaCase
from apps.formulas.services import add_case, create_formula


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("100\n 101.5 \n\n102", [100, 101.5, 102]),
        ("9 11 8 10\n10, 12, 9, 11, 500", [[9, 11, 8, 10], [10, 12, 9, 11, 500]]),
        ("2024-01-31 9 11 8 10", [["2024-01-31", 9, 11, 8, 10]]),
        ("1e3", [1000.0]),
    ],
)
def test_bars(text, bars):
    assert bars_of(text) == bars


@pytest.mark.parametrize("text", ["100\nabout 101 or so", "monday", "1 2 3 x", "nan"])
def test_a_bar_that_is_none_is_named_with_its_line(text):
    with pytest.raises(LineError, match=f"^Line {len(text.splitlines())}, "):
        bars_of(text)


def test_signals():
    assert signals_of('2 long\n\n2024-01-11 Exit_Long\n5 alert "Look here"') == [
        {"bar": 2, "kind": "long"},
        {"time": "2024-01-11", "kind": "exit_long"},
        {"bar": 5, "kind": "alert", "text": "Look here"},
    ]
    with pytest.raises(LineError, match=r"^Line 1, “7”"):
        signals_of("7")


def test_lines_lead_back_to_the_same_test():
    content = {
        "name": "both",
        "bars": [["2024-01-31", 9, 11.25, 8, 10], ["2024-02-01", 10, 12, 9, 11]],
        "signals": [{"bar": 1, "kind": "alert", "text": "Up 2%"}, {"time": "2024-01-31", "kind": "long"}],
    }
    lines = as_lines(content)
    assert lines
    assert bars_of(lines["bars"]) == content["bars"]
    assert signals_of(lines["signals"]) == content["signals"]
    assert as_lines({"name": "table", "bars": "close\n1", "signals": []}) is None


def test_a_test_is_written_as_lines_and_keeps_what_they_do_not_say(web, workspace, user):
    formula = create_formula(workspace, name="Above", text="input x = 10\nlong when close > x", actor=user)
    url = f"/formulas/{formula.uuid}/tests/"
    fields = {"name": "fires", "bars": "9\n11", "spread": "", "signals": "1 long"}
    assert web.post(f"{url}new/", fields)["Location"] == url
    case = FormulaCase.objects.get()
    assert case.content == {"name": "fires", "bars": [9, 11], "signals": [{"bar": 1, "kind": "long"}]}
    other = add_case(formula, {**case.content, "name": "set", "settings": {"x": 8}}, actor=user)
    assert web.post(f"{url}{other.uuid}/", fields | {"name": "set", "signals": ""})["Location"] == url
    other.refresh_from_db()
    assert other.content == {"name": "set", "bars": [9, 11], "signals": [], "settings": {"x": 8}}


def test_lines_that_are_wrong_stay_as_typed(web, workspace, user):
    formula = create_formula(workspace, name="Above", text="long when close > 10", actor=user)
    fields = {"name": "fires", "bars": "9\neleven", "spread": "", "signals": "9 long"}
    answer = web.post(f"/formulas/{formula.uuid}/tests/new/", fields)
    assert answer.status_code == 422
    assert "Line 2, “eleven”" in answer.content.decode()
    assert answer.context["form"]["bars"].value() == "9\neleven"
    answer = web.post(f"/formulas/{formula.uuid}/tests/new/", fields | {"bars": "9\n11"})
    assert "expected a bar from 0 to 1, found 9" in answer.content.decode()
    assert not FormulaCase.objects.exists()
