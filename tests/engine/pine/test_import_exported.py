"""Exported scripts come back as the formula they were: the same hash, the same comments."""

import os
import re

import pytest
from hypothesis import HealthCheck, given, settings

from apps.engine.lang import check, format_text, parse
from apps.engine.pine import export_pine, import_pine
from apps.formulas.library import templates
from tests.engine.lang.programs import formulas
from tests.engine.pine.samples import SAMPLES, of_every_function

CASES = 2_000 if os.environ.get("PROVE") else 40
TEXTS = {template.key: template.text for template in templates()} | SAMPLES | of_every_function()


def comments(text: str) -> list[str]:
    formula = parse(text).formula
    found = [comment for s in formula.statements for comment in [*s.comments, s.comment or ""] if comment]
    return sorted([*found, *formula.closing_comments])


@pytest.mark.parametrize("kind", ["strategy", "indicator"])
@pytest.mark.parametrize("key", TEXTS)
def test_an_exported_formula_comes_back_the_same(key, kind):
    text = TEXTS[key]
    if kind == "strategy" and not re.search(r"^(long|short) when", text, re.MULTILINE):
        text += "\nlong when close > open"
    exported = export_pine(text, kind=kind, name='A name "quoted"')
    assert not exported.problems
    result = import_pine(exported.script)
    assert check(result.text).hash == check(text).hash
    assert comments(result.text) == comments(text)
    assert result.name == 'A name "quoted"'
    assert result.ok
    assert result.complete


@settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_generated_formulas_come_back_the_same(text):
    exported = export_pine(text, kind="strategy", name="Generated")
    if exported.problems:
        return
    result = import_pine(exported.script)
    assert check(result.text).hash == check(text).hash
    assert result.complete


EXPORTED = export_pine(TEXTS["rsi-reversal"], kind="strategy", name="RSI").script


def test_what_was_changed_below_the_formula_is_reported():
    changed = EXPORTED.replace("strategy.exit(", "strategy.exit_(", 1)
    assert changed != EXPORTED
    result = import_pine(changed)
    assert check(result.text).hash == check(TEXTS["rsi-reversal"]).hash
    assert [line.status for line in result.report if "strategy.exit_(" in line.source] == ["needs_edit"]
    assert not result.complete


def test_a_changed_formula_part_is_read_as_it_now_stands():
    changed = EXPORTED.replace("long_1 = ", "long_1 = close > open and ", 1)
    result = import_pine(changed)
    assert "long when close > open and " in format_text(result.text)


def test_a_formula_part_in_other_words_is_read_as_any_script():
    changed = EXPORTED.replace("//- Formula", "//- Formula\nmine = ta.cmo(close, 9)", 1)
    result = import_pine(changed)
    assert "mine = 100 * (sma(change(close, 1), 9)" in result.text
