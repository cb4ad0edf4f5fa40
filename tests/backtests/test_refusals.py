"""What the engine refuses is said in the reader's language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation

from apps.backtests.kept_words import refusal_in_words
from apps.engine.portfolio.spec import check_weights
from apps.engine.sim.spec import SimParams, SimulationError, check_params

WRONG = {
    "cash": -1.0,
    "fee": 1.0,
    "slippage_bps": 2_000.0,
    "fill": "never",
    "tick": -1.0,
    "borrow_per_day": 2.0,
    "funding_per_day": 2.0,
}


def test_a_refusal_is_a_sentence_in_the_readers_language():
    with pytest.raises(SimulationError) as refused:
        check_weights([2.0], ["AAPL"], "none")
    english = refusal_in_words(refused.value)
    assert english[0].isupper()
    with translation.override("tr"):
        assert "AAPL" in refusal_in_words(refused.value) != english


@pytest.mark.parametrize("field", WRONG)
def test_each_refusal_of_a_runs_conditions_is_known(field: str):
    with pytest.raises(SimulationError) as refused:
        check_params(replace(SimParams(), **{field: WRONG[field]}))
    english = refusal_in_words(refused.value)
    with translation.override("tr"):
        assert refusal_in_words(refused.value) != english
