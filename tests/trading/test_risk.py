"""Every check before an order, row by row: what is asked, what stands, what is allowed, and the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.trading.rules.risk import Asked, Limits, Standing, check
from apps.trading.rules.steps import Grid

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
FREE = Grid(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
ASKED = Asked("buy", "market", Decimal(10), None, Decimal(100), False, NOW, None, "ACME", Decimal(10))
FLAT = Standing(
    units=Decimal(0),
    bid_units=Decimal(0),
    ask_units=Decimal(0),
    others=Decimal(0),
    mark=Decimal(100),
    equity=Decimal(10_000),
    cash=Decimal(10_000),
    day_equity=Decimal(10_000),
    peak_equity=Decimal(10_000),
    in_last_minute=0,
    takes_orders=True,
    account_words="The account Paper is frozen.",
    is_closed=False,
    is_paper=False,
    switch="",
    grid=FREE,
)
LONG = replace(FLAT, units=Decimal(10), cash=Decimal(9_000))
SHORT = replace(FLAT, units=Decimal(-10), cash=Decimal(11_000))
SELL = replace(ASKED, side="sell")
CLOSE = replace(SELL, reduce_only=True)
COVER = replace(ASKED, reduce_only=True)
SOON, AGO = NOW + timedelta(seconds=1), NOW
FROZEN = replace(FLAT, takes_orders=False)

# what is tried: (intent, standing, limits, the code of the refusal)
TABLE = {
    "nothing stands against it": (ASKED, FLAT, Limits(), None),
    "closed book": (ASKED, replace(FLAT, is_closed=True), Limits(), "book_closed"),
    "closed book, closing": (CLOSE, replace(LONG, is_closed=True), Limits(), "book_closed"),
    "frozen account": (ASKED, FROZEN, Limits(), "account"),
    "frozen account, closing at an exchange": (CLOSE, replace(LONG, takes_orders=False), Limits(), "account"),
    "frozen account, closing on paper": (
        CLOSE,
        replace(LONG, takes_orders=False, is_paper=True),
        Limits(),
        None,
    ),
    "frozen account, opening on paper": (ASKED, replace(FROZEN, is_paper=True), Limits(), "account"),
    "still good": (replace(ASKED, expires_at=SOON), FLAT, Limits(), None),
    "expired this moment": (replace(ASKED, expires_at=AGO), FLAT, Limits(), "expired"),
    "no units": (replace(ASKED, units=Decimal(0)), FLAT, Limits(), "size"),
    "as small as may be": (ASKED, replace(FLAT, grid=FREE._replace(min_size=Decimal(10))), Limits(), None),
    "smaller than may be": (
        ASKED,
        replace(FLAT, grid=FREE._replace(min_size=Decimal("10.1"))),
        Limits(),
        "size",
    ),
    "closing a part smaller than may be": (
        replace(CLOSE, units=Decimal(1)),
        replace(LONG, grid=FREE._replace(min_size=Decimal(2))),
        Limits(),
        "size",
    ),
    "worth as little as may be": (
        ASKED,
        replace(FLAT, grid=FREE._replace(min_notional=Decimal(1000))),
        Limits(),
        None,
    ),
    "worth less than may be": (
        ASKED,
        replace(FLAT, grid=FREE._replace(min_notional=Decimal("1000.01"))),
        Limits(),
        "size",
    ),
    "sized at the fill has no smallest": (
        replace(ASKED, units=None),
        replace(FLAT, grid=FREE._replace(min_size=Decimal(5), min_notional=Decimal(99_999))),
        Limits(),
        None,
    ),
    # closing
    "closes a rest worth less than the exchange takes": (
        CLOSE,
        replace(LONG, grid=FREE._replace(min_notional=Decimal(1001))),
        Limits(),
        "size",
    ),
    "closes such a rest on paper": (
        CLOSE,
        replace(LONG, is_paper=True, grid=FREE._replace(min_notional=Decimal(1001))),
        Limits(),
        None,
    ),
    "closes a rest that nobody can value": (
        replace(CLOSE, reference=None),
        replace(LONG, mark=None, grid=FREE._replace(min_notional=Decimal(1001))),
        Limits(),
        None,
    ),
    "closes whatever there is at an exchange": (
        replace(CLOSE, units=None, meant=None),
        replace(LONG, grid=FREE._replace(min_notional=Decimal(1001))),
        Limits(),
        None,
    ),
    "closes a long": (CLOSE, LONG, Limits(), None),
    "closes a part of a long": (replace(CLOSE, units=Decimal(3)), LONG, Limits(), None),
    "closes whatever there is": (replace(CLOSE, units=None), LONG, Limits(), None),
    "closes more than is held": (replace(CLOSE, units=Decimal("10.1")), LONG, Limits(), "nothing_to_close"),
    "closes nothing": (CLOSE, FLAT, Limits(), "nothing_to_close"),
    "sells to close a short": (CLOSE, SHORT, Limits(), "nothing_to_close"),
    "covers a short": (COVER, SHORT, Limits(), None),
    "covers more than is short": (replace(COVER, units=Decimal(11)), SHORT, Limits(), "nothing_to_close"),
    "covers when long": (COVER, LONG, Limits(), "nothing_to_close"),
    "another order closes it already": (
        CLOSE,
        replace(LONG, ask_units=Decimal(10)),
        Limits(),
        "nothing_to_close",
    ),
    "another order covers it already": (
        COVER,
        replace(SHORT, bid_units=Decimal(1)),
        Limits(),
        "nothing_to_close",
    ),
    "closing passes every switch and limit": (
        CLOSE,
        replace(
            LONG, switch="Kill switch (the workspace): stop", in_last_minute=99, day_equity=Decimal(99_999)
        ),
        Limits(
            Decimal(1), Decimal(1), Decimal(1), Decimal("0.01"), Decimal("0.1"), 0, 0, (frozenset({"OTHER"}),)
        ),
        None,
    ),
    # switches, symbols, rate
    "kill switch": (
        ASKED,
        replace(FLAT, switch="Kill switch (the workspace): stop"),
        Limits(),
        "kill_switch",
    ),
    "symbol on the list": (ASKED, FLAT, Limits(symbols=(frozenset({"ACME"}),)), None),
    "symbol on one list of two": (
        ASKED,
        FLAT,
        Limits(symbols=(frozenset({"ACME"}), frozenset({"OTHER"}))),
        "symbol",
    ),
    "last of the minute": (ASKED, replace(FLAT, in_last_minute=4), Limits(per_minute=5), None),
    "one too many in the minute": (ASKED, replace(FLAT, in_last_minute=5), Limits(per_minute=5), "rate"),
    # price collar
    "no price at all": (replace(ASKED, reference=None), replace(FLAT, mark=None), Limits(), "price_collar"),
    "limit within the collar": (
        replace(ASKED, kind="limit", price=Decimal(101)),
        FLAT,
        Limits(collar_bps=100),
        None,
    ),
    "limit outside the collar": (
        replace(ASKED, kind="limit", price=Decimal("101.01")),
        FLAT,
        Limits(collar_bps=100),
        "price_collar",
    ),
    "decided at a price that is gone": (
        replace(ASKED, reference=Decimal(103)),
        FLAT,
        Limits(collar_bps=200),
        "price_collar",
    ),
    "no mark: measured by what it was decided at": (
        ASKED,
        replace(FLAT, mark=None),
        Limits(collar_bps=1),
        None,
    ),
    "no mark and no reference: a limit is its own price": (
        replace(ASKED, kind="limit", price=Decimal(50), reference=None),
        replace(FLAT, mark=None),
        Limits(collar_bps=1),
        None,
    ),
    "a stop stands away from the price": (
        replace(ASKED, kind="stop", price=Decimal(150)),
        FLAT,
        Limits(collar_bps=100),
        None,
    ),
    # sizes
    "order as large as may be": (ASKED, FLAT, Limits(order_notional=Decimal(1000)), None),
    "order too large": (ASKED, FLAT, Limits(order_notional=Decimal("999.99")), "order_notional"),
    "order of all the equity": (
        replace(ASKED, units=None),
        FLAT,
        Limits(order_notional=Decimal(9_999)),
        "order_notional",
    ),
    "position as large as may be": (ASKED, LONG, Limits(position_notional=Decimal(2000)), None),
    "position too large": (ASKED, LONG, Limits(position_notional=Decimal("1999.99")), "position_notional"),
    "position too large with what is under way": (
        ASKED,
        replace(LONG, bid_units=Decimal(1)),
        Limits(position_notional=Decimal(2000)),
        "position_notional",
    ),
    "short too large": (SELL, SHORT, Limits(position_notional=Decimal("1999.99")), "position_notional"),
    "a sale makes a long smaller": (SELL, LONG, Limits(position_notional=Decimal(1)), None),
    "a sale through zero counts what is left": (
        replace(SELL, units=Decimal(15)),
        LONG,
        Limits(position_notional=Decimal(499)),
        "position_notional",
    ),
    "reversal sized at the fill counts the new side": (
        replace(SELL, units=None),
        LONG,
        Limits(position_notional=Decimal(9_999)),
        "position_notional",
    ),
    "adding, sized at the fill, counts both": (
        replace(ASKED, units=None),
        LONG,
        Limits(position_notional=Decimal(10_999)),
        "position_notional",
    ),
    "leverage as high as may be": (
        ASKED,
        replace(FLAT, equity=Decimal(500)),
        Limits(leverage=Decimal(2)),
        None,
    ),
    "leverage too high": (ASKED, replace(FLAT, equity=Decimal(499)), Limits(leverage=Decimal(2)), "leverage"),
    "leverage counts other positions": (
        ASKED,
        replace(FLAT, equity=Decimal(1000), others=Decimal(1)),
        Limits(leverage=Decimal(1)),
        "leverage",
    ),
    "nothing left to size by": (
        replace(ASKED, units=None),
        replace(FLAT, equity=Decimal(-5)),
        Limits(order_notional=Decimal(1)),
        None,
    ),
    "costs all the cash": (ASKED, replace(FLAT, cash=Decimal(1000)), Limits(), None),
    "costs more than the cash": (ASKED, replace(FLAT, cash=Decimal("999.99")), Limits(), "cash"),
    "on paper the simulator cuts it": (ASKED, replace(FLAT, cash=Decimal(1), is_paper=True), Limits(), None),
    "a sale costs no cash": (SELL, replace(FLAT, cash=Decimal(0)), Limits(), None),
    # losses
    "lost a little less today": (
        ASKED,
        replace(FLAT, equity=Decimal("9900.01")),
        Limits(daily_loss=Decimal(100)),
        None,
    ),
    "lost as much as may be today": (
        ASKED,
        replace(FLAT, equity=Decimal(9900)),
        Limits(daily_loss=Decimal(100)),
        "daily_loss",
    ),
    "a little above the drawdown": (
        ASKED,
        replace(FLAT, equity=Decimal("9000.01")),
        Limits(drawdown=Decimal("0.1")),
        None,
    ),
    "at the drawdown": (
        ASKED,
        replace(FLAT, equity=Decimal(9000)),
        Limits(drawdown=Decimal("0.1")),
        "drawdown",
    ),
    "at a new peak": (ASKED, replace(FLAT, equity=Decimal(12_000)), Limits(drawdown=Decimal("0.1")), None),
    "never worth anything": (
        ASKED,
        replace(FLAT, equity=Decimal(0), peak_equity=Decimal(0)),
        Limits(drawdown=Decimal("0.1")),
        None,
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_check(name):
    asked, standing, limits, code = TABLE[name]
    refused = check(asked, standing, limits, NOW)
    assert (refused.code.value if refused else None) == code, refused


def test_a_refusal_says_what_was_measured_and_what_is_allowed():
    refused = check(ASKED, FLAT, Limits(order_notional=Decimal(750)), NOW)
    assert refused.words == "The order is worth 1,000.00; the limit is 750.00."
    drawn = check(ASKED, replace(FLAT, equity=Decimal(7500)), Limits(drawdown=Decimal("0.2")), NOW)
    assert drawn.words == "25.0% below the highest equity 10,000.00; the limit is 20.0%."


def test_a_size_between_two_steps_is_named_with_the_steps():
    cut = replace(ASKED, units=Decimal(0), meant=Decimal("0.0004"))
    refused = check(cut, replace(FLAT, grid=FREE._replace(lot=Decimal("0.001"))), Limits(), NOW)
    assert refused.words == "0.0004 units are 0 units in whole steps of 0.001; the smallest order is 0.001."
    small = replace(ASKED, units=Decimal("0.002"), meant=Decimal("0.002"))
    refused = check(small, replace(FLAT, grid=FREE._replace(min_size=Decimal("0.01"))), Limits(), NOW)
    assert refused.words == "0.002 units; the smallest order is 0.01."
