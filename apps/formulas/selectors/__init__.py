"""Reads of formulas, and what the engine says of a text."""

from apps.formulas.selectors.formulas import (
    SORTS,
    STATES,
    Relative,
    cases_of,
    formulas_of,
    lineage_of,
    search_formulas,
    versions_of,
)
from apps.formulas.selectors.texts import check_report, explanation

__all__ = [
    "SORTS",
    "STATES",
    "Relative",
    "cases_of",
    "check_report",
    "explanation",
    "formulas_of",
    "lineage_of",
    "search_formulas",
    "versions_of",
]
