"""Reads of formulas, and what the engine says of a text."""

from apps.formulas.selectors.formulas import (
    Relative,
    cases_of,
    formulas_of,
    lineage_of,
    versions_of,
)
from apps.formulas.selectors.texts import check_report

__all__ = ["Relative", "cases_of", "check_report", "formulas_of", "lineage_of", "versions_of"]
