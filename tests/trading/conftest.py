"""A paper account with one book of 10,000, an instrument, and ways to ask and to fill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.markets.models import Instrument
from apps.trading.choices import AccountKind, AccountState
from apps.trading.models import TradingAccount
from apps.trading.rules.keys import intent_key
from apps.trading.services import NewIntent, open_book
from tests.factories import UserFactory, workspace_of

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def user(db):
    return UserFactory()


@pytest.fixture
def workspace(user):
    return workspace_of(user)


@pytest.fixture
def account(workspace):
    return TradingAccount.objects.create(
        workspace=workspace, name="Paper", kind=AccountKind.PAPER, state=AccountState.CONNECTED
    )


@pytest.fixture
def instrument(workspace):
    return Instrument.objects.create(workspace=workspace, symbol="ACME")


@pytest.fixture
def book(account, user):
    return open_book(account, name="Bot", capital=Decimal(10_000), price_source="feed:1", at=NOON, actor=user)


@pytest.fixture
def intent(book, instrument):
    """intent(number, side, units, **more): one decided at noon plus `number` minutes."""

    def make(number: int, side: str = "buy", units: str | None = "10", **more) -> NewIntent:
        at = more.pop("at", NOON + timedelta(minutes=number))
        return NewIntent(
            key=more.pop("key", intent_key("bot", "hash", number, 0)),
            book_id=more.pop("book_id", book.pk),
            instrument_id=more.pop("instrument_id", instrument.pk),
            side=side,
            purpose=more.pop("purpose", "enter"),
            decided_at=at,
            units=None if units is None else Decimal(units),
            reference_price=more.pop("reference_price", Decimal(100)),
            **more,
        )

    return make
