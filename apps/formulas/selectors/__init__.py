"""Reads of formulas, and what the engine says of a text."""

from apps.formulas.selectors.data import (
    MAX_POINTS,
    bars_between,
    evaluation_report,
    index_of,
    recent_bars,
    why_report,
)
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
from apps.formulas.selectors.texts import (
    blocks_of,
    check_report,
    completions,
    explained,
    explanation,
    formatted,
    hover_at,
    signature_at,
    text_of,
    tree_of,
)

__all__ = [
    "MAX_POINTS",
    "SORTS",
    "STATES",
    "Relative",
    "bars_between",
    "blocks_of",
    "cases_of",
    "check_report",
    "completions",
    "evaluation_report",
    "explained",
    "explanation",
    "formatted",
    "formulas_of",
    "hover_at",
    "index_of",
    "lineage_of",
    "recent_bars",
    "search_formulas",
    "signature_at",
    "text_of",
    "tree_of",
    "versions_of",
    "why_report",
]
