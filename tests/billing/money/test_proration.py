"""Changes within a period, against tables worked by hand."""

from datetime import UTC, datetime

import pytest

from apps.billing.rules.proration import (
    Proration,
    monthly_amount,
    period_after,
    price_of,
    prorate,
    prorate_to_other_interval,
)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("anchor", "interval", "count", "expected"),
    [
        ("2026-01-31", "month", 1, "2026-02-28"),
        ("2026-01-31", "month", 2, "2026-03-31"),
        ("2027-11-30", "month", 3, "2028-02-29"),
        ("2026-12-15T10:30", "month", 1, "2027-01-15T10:30"),
        ("2026-05-01", "month", 12, "2027-05-01"),
        ("2028-02-29", "year", 1, "2029-02-28"),
        ("2028-02-29", "year", 4, "2032-02-29"),
        ("2026-03-03", "month", 0, "2026-03-03"),
    ],
)
def test_calendar(anchor: str, interval: str, count: int, expected: str):
    assert period_after(day(anchor), interval, count) == day(expected)


# June has 30 days. Pro 29.00 to Enterprise 199.00.
JUNE = {"start": day("2026-06-01"), "end": day("2026-07-01"), "currency": "USD"}


@pytest.mark.parametrize(
    ("at", "credit", "charge"),
    [
        ("2026-06-01", 2900, 19900),  # nothing used
        ("2026-06-16", 1450, 9950),  # half
        ("2026-06-11", 1933, 13267),  # 20 of 30 days: 19.333… and 132.666…
        ("2026-06-30T12:00", 48, 332),  # 1/60: 0.48333… and 3.31666…
        ("2026-07-01", 0, 0),  # all used
        ("2026-08-01", 0, 0),  # after the end nothing is left
        ("2026-05-01", 2900, 19900),  # before it nothing is used
    ],
)
def test_upgrade_within_june(at: str, credit: int, charge: int):
    assert prorate(2900, 19900, at=day(at), **JUNE) == Proration(credit, charge)


def test_downgrade_is_negative():
    assert prorate(19900, 2900, at=day("2026-06-16"), **JUNE).due == 1450 - 9950


def test_rupiah_are_whole():
    """450,000 to 3,000,000 rupiah with 19 of 30 days left: 285,000 and 1,900,000; with 7 of 30: 105,000 and 700,000."""
    rupiah = JUNE | {"currency": "IDR"}
    assert prorate(45_000_000, 300_000_000, at=day("2026-06-12"), **rupiah) == Proration(
        28_500_000, 190_000_000
    )
    # 44,900,000 × 7/30 = 10,476,666.67 hundredths: 104,767 rupiah
    assert prorate(44_900_000, 0, at=day("2026-06-24"), **rupiah).credit == 10_476_700


def test_monthly_to_yearly_begins_anew():
    """Half of 29.00 is left, and the whole year of 290.00 is paid: 275.50."""
    change = prorate_to_other_interval(2900, 29000, at=day("2026-06-16"), **JUNE)
    assert (change.credit, change.charge, change.due) == (1450, 29000, 27550)


def test_a_period_has_a_length():
    with pytest.raises(ValueError, match="no length"):
        prorate(1, 2, start=day("2026-06-01"), end=day("2026-06-01"), at=day("2026-06-01"), currency="USD")


@pytest.mark.parametrize(
    ("seats", "included", "expected"), [(1, 1, 2900), (3, 1, 4700), (1, 5, 2900), (6, 5, 3800)]
)
def test_seats_beyond_the_included_cost(seats: int, included: int, expected: int):
    assert price_of(2900, 900, seats, included) == expected


@pytest.mark.parametrize(
    ("amount", "interval", "expected"),
    [(2900, "month", 2900), (29000, "year", 2417), (199000, "year", 16583)],
)
def test_a_years_twelfth(amount: int, interval: str, expected: int):
    assert monthly_amount(amount, interval) == expected
