"""Generated formulas survive text -> tree -> text and text -> JSON -> text, and keep their identity."""

import json

from hypothesis import HealthCheck, given, settings

from apps.engine.lang import formula_hash, formula_json, parse
from apps.engine.lang.reader import read_formula_json
from apps.engine.lang.writer import write
from tests.engine.lang.programs import formulas


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_text_tree_and_json_hold_the_same(text: str) -> None:
    formula = parse(text).formula
    written = write(formula)
    assert write(parse(written).formula) == written
    assert formula_hash(parse(written).formula) == formula_hash(formula)
    content = json.loads(json.dumps(formula_json(formula)))
    assert write(read_formula_json(content)) == written
    assert formula_hash(read_formula_json(content)) == formula_hash(formula)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_brackets_that_are_not_needed_do_not_count(text: str) -> None:
    """The generator writes every bracket; the writer keeps the meaning with none but those it needs."""
    content = formula_json(parse(text).formula)
    without = write(read_formula_json(_without_brackets(content)))
    assert formula_hash(parse(without).formula) == formula_hash(parse(text).formula)


def _without_brackets(content: object) -> object:
    if isinstance(content, dict):
        return {key: _without_brackets(value) for key, value in content.items() if key != "brackets"}
    if isinstance(content, list):
        return [_without_brackets(value) for value in content]
    return content
