"""Every exported script keeps the rules of Pine v6."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from apps.engine.lang import FUNCTIONS, check
from apps.engine.pine import export_pine
from apps.formulas.library import templates
from tests.engine.lang.programs import formulas
from tests.engine.pine.pine_rules import check_script
from tests.engine.pine.samples import SAMPLES, of_every_function

CASES = 2_000 if os.environ.get("PROVE") else 60
TEXTS = {
    **{template.key: template.text for template in templates()},
    **SAMPLES,
    **of_every_function(),
}


@pytest.mark.parametrize("kind", ["indicator", "strategy"])
@pytest.mark.parametrize("key", TEXTS)
def test_a_script_keeps_the_rules(key: str, kind: str) -> None:
    text = TEXTS[key]
    if kind == "strategy" and not re.search(r"^(long|short) when", text, re.MULTILINE):
        text += "\nlong when close > open"
    exported = export_pine(text, kind, key)
    assert not exported.problems
    check_script(exported.script)


def test_every_function_is_exported() -> None:
    assert {key.removeprefix("function ") for key in of_every_function()} == set(FUNCTIONS)


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_scripts_of_generated_formulas_keep_the_rules(text: str) -> None:
    if not check(text).ok:
        return
    exported = export_pine(text, "strategy", "Generated")
    if exported.problems:  # a series that reads its own past, in tf()
        assert exported.script == ""
        return
    check_script(exported.script)


RULES = Path(__file__).with_name("broken_scripts.txt")


@pytest.mark.parametrize(
    "case", RULES.read_text(encoding="utf-8").split("\n====\n"), ids=lambda c: c.split("\n")[0]
)
def test_a_broken_script_is_noticed(case: str) -> None:
    """The rules themselves can fail: each of these breaks the one its first line names."""
    with pytest.raises(AssertionError):
        check_script(case.split("\n", 1)[1])
