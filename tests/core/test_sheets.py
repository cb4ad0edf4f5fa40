"""Cells of CSV files, which spreadsheets open: nothing runs there as a formula, numbers stay numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from apps.core.sheets import cell, inert


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_a_spreadsheet_would_run_is_plain_text(begin):
    assert inert(f"{begin}1+1") == f"'{begin}1+1"
    assert inert(f"1{begin}1") == f"1{begin}1"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "yes"),
        (False, "no"),
        (None, ""),
        (-3, -3),
        (0, 0),
        (2.5, 2.5),
        (Decimal("-1200.500"), "-1200.5"),
        (Decimal("1E+3"), "1000"),
        (datetime(2026, 1, 31, 9, 5, tzinfo=UTC), "2026-01-31T09:05:00+00:00"),
        (date(2026, 1, 31), "2026-01-31"),
        ("-3", "'-3"),
    ],
)
def test_a_cell(value, written):
    assert cell(value) == written
    assert type(cell(value)) is type(written)
