"""Minor units after ISO 4217: written, read, rounded."""

from fractions import Fraction

import pytest

from apps.billing.rules.money import major, money, rounded
from apps.core.manner import Manner, written_for


@pytest.mark.parametrize(
    ("amount", "currency", "read", "written"),
    [
        (2900, "USD", "USD 29.00", "29.00"),
        (5, "USD", "USD 0.05", "0.05"),
        (0, "EUR", "EUR 0.00", "0.00"),
        (-123456789, "USD", "USD −1,234,567.89", "-1234567.89"),
        (2900, "JPY", "JPY 2,900", "2900"),
        (1234, "KWD", "KWD 1.234", "1.234"),
        (45_000_000, "IDR", "IDR 450,000", "450000.00"),
        (0, "IDR", "IDR 0", "0.00"),
        (45_000_050, "IDR", "IDR 450,000.50", "450000.50"),  # half a rupiah is never hidden
    ],
)
def test_written_and_read(amount: int, currency: str, read: str, written: str):
    assert money(amount, currency) == read
    assert money(amount, currency, code=False) == read[4:]
    assert major(amount, currency) == written


def test_no_line_ends_within_an_amount_that_is_read():
    with written_for(Manner):
        assert money(2900, "USD") == "USD\u00a029.00"


@pytest.mark.parametrize(
    ("exact", "currency", "expected"),
    [
        (Fraction(1001, 2), "USD", 500),
        (Fraction(1003, 2), "USD", 502),
        (Fraction(-1001, 2), "USD", -500),
        (Fraction(149), "IDR", 100),
        (Fraction(151), "IDR", 200),
        (Fraction(150), "IDR", 200),
        (Fraction(250), "IDR", 200),
    ],
)
def test_rounded_to_what_can_be_paid(exact: Fraction, currency: str, expected: int):
    assert rounded(exact, currency) == expected
