"""How figures are written."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.safestring import mark_safe

from apps.core.templatetags import figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (figures.number(1234567.891), "1\u202f234\u202f567.89"),
        (figures.number(-0.5), "\u22120.50"),
        (figures.number(-0.001), "0.00"),
        (figures.number(None), "–"),
        (figures.number(float("nan")), "–"),
        (figures.signed(3.2), "+3.20"),
        (figures.signed(-3.2), "\u22123.20"),
        (figures.signed(0), "0.00"),
        (figures.percent(0.051), "5.1\u202f%"),
        (figures.drawdown(0.31, 0), "\u221231\u202f%"),
        (figures.price(0.00001234), "0.00001234"),
        (figures.price(45000.5), "45\u202f000.50"),
        (figures.dots_held("1d · AAPL\n · #trend"), "1d&nbsp;· AAPL&nbsp;· #trend"),
        (figures.direction(-1), "is-down"),
        (figures.direction(0), ""),
        (figures.moment("2024-01-15T00:00:00Z"), "2024-01-15"),
        (figures.moment("2024-01-15T10:30:00Z"), "2024-01-15 10:30"),
        (figures.deed("backtests.backtest.submitted"), "Backtest submitted"),
        (figures.deed("accounts.api_key.created"), "API key created"),
        (figures.metric_label("cagr"), "CAGR"),
        (figures.metric_label("max_drawdown"), "Max drawdown"),
        (figures.metric(0.25, "win_rate"), "25.00\u202f%"),
        (
            figures.true_minus("line -1.5 fell below 2-1 on 2024-01-15"),
            "line \u22121.5 fell below 2-1 on 2024-01-15",
        ),
        (
            figures.dates_whole("<i> 2024-01-15"),
            '&lt;i&gt; <span class="whitespace-nowrap">2024-01-15</span>',
        ),
        (
            figures.dates_whole(mark_safe('<i title="2024-01-15">to 2024-01-16</i>')),
            '<i title="2024-01-15">to <span class="whitespace-nowrap">2024-01-16</span></i>',
        ),
    ],
)
def test_figures(text, expected):
    assert text == expected


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([18.4, 18.55], ["18.40", "18.55"]),
        ([18.4, 1.8245, None], ["18.4000", "1.8245", "–"]),
        ([Decimal("0.5000"), Decimal("4.25")], ["0.50", "4.25"]),
        ([60000.5, 0.00001234], ["60\u202f000.50000000", "0.00001234"]),
        ([0, None], ["0.00", "–"]),
    ],
)
def test_the_prices_of_a_column_have_the_same_decimals(prices, expected):
    places = figures.price_places([{"price": price} for price in prices], "price")
    assert [figures.price(price, places) for price in prices] == expected


def test_a_column_of_prices_may_stand_within_its_rows():
    rows = [{"close": 18.5, "fills": []}, {"close": None, "fills": [{"price": 1.8245}, {"price": 2.5}]}]
    assert figures.price_places(rows, "close", "fills.price") == 4
    assert figures.price_places([], "close") == 2


def test_nothing_has_one_sign():
    pages = (settings.BASE_DIR / "templates").rglob("*.html")
    scripts = (settings.BASE_DIR / "frontend/js").rglob("*.js")
    found = [path for path in (*pages, *scripts) if "—" in path.read_text()]
    assert not found, f"write {figures.NOTHING} for nothing, as figures do"


@pytest.mark.parametrize("text", ["The book has 1000.5 USD.", "It costs USD 9.00 a month."])
def test_a_kept_amount_stays_with_its_currency(text):
    assert figures.kept(text).split(" ") == text.replace("5 USD", "5\u00a0USD").replace(
        "USD 9", "USD\u00a09"
    ).split(" ")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "just now"), (44, "just now"), (45, "1 m ago"), (90, "2 m ago"), (150, "3 m ago"), (3_600, "1 h ago"),
     (9_000, "3 h ago"), (86_400, "1 d ago"), (13.6 * 86_400, "14 d ago")],
)  # fmt: skip
def test_ages(seconds, expected):
    """As the page's script says them: Math.round, halves up."""
    assert figures.age(timezone.now() - timedelta(seconds=seconds)) == expected


def test_what_is_old_or_to_come_is_a_date():
    for days in (14, -1):
        at = timezone.now() - timedelta(days=days)
        assert figures.age(at) == f"{at:%Y-%m-%d %H:%M}"
