"""An account at the loopback exchange, a book of 20,000 USDT, and ways to place and to look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.utils import timezone

from apps.markets.models import Instrument
from apps.trading.brokers.pool import close_brokers
from apps.trading.choices import AccountState
from apps.trading.models import Fill, Order, Position, TradingAccount
from apps.trading.rules.keys import intent_key
from apps.trading.services import NewIntent, open_book, place
from apps.trading.services.exchange import check_account, connect_account
from apps.trading.services.exchange.speaking import circuit_of
from tests.exchange import LoopbackExchange
from tests.factories import UserFactory, workspace_of


@pytest.fixture
def exchange(binance: LoopbackExchange, settings) -> Iterator[LoopbackExchange]:
    """Its circuit stays closed but where a test is about that."""
    settings.EXCHANGE_CIRCUIT = {"faults": 50, "pause_s": 5.0, "longest_s": 60.0}
    yield binance
    close_brokers()


@pytest.fixture
def hurried(exchange, settings) -> None:
    """Requests are good for so short a time that a test can wait for their end. An order may then come too late on a
    slow machine and be sent anew, as it should: tests with this look at what it comes to, not at how."""
    settings.EXCHANGE_RECV_WINDOW_MS = 300
    settings.EXCHANGE_CLOCK_MARGIN_MS = 100


@pytest.fixture
def user(db):
    return UserFactory()


@pytest.fixture
def workspace(user):
    return workspace_of(user)


@pytest.fixture
def instrument(workspace):
    return Instrument.objects.create(
        workspace=workspace, symbol="BTCUSDT", currency="USDT", lot_size=Decimal("0.00001")
    )


@pytest.fixture
def account(request, exchange, workspace, user) -> TradingAccount:
    if "hurried" in request.fixturenames:
        request.getfixturevalue("hurried")  # before a broker is opened, which reads the settings
    made = connect_account(
        workspace, name="Binance", exchange="binance", api_key="key", secret="secret", actor=user
    )
    assert check_account(made.pk) == AccountState.CONNECTED
    made.refresh_from_db()
    circuit_of(made).tell(ok=True)  # what an earlier test found out about it is forgotten
    return made


@pytest.fixture
def book(account, user):
    return open_book(account, name="Bot", capital=Decimal(20_000), actor=user)


@pytest.fixture
def order(book, instrument) -> Callable[..., Order]:
    """order(number, side, units, **more): one that waits to be sent."""

    def make(number: int = 1, side: str = "buy", units: str = "0.01", **more) -> Order:
        key = intent_key("bot", "hash", number, 0)
        [placed] = place(
            [
                NewIntent(
                    key=key,
                    book_id=book.pk,
                    instrument_id=instrument.pk,
                    side=side,
                    purpose=more.pop("purpose", "enter"),
                    decided_at=timezone.now(),
                    units=Decimal(units),
                    reference_price=Decimal(30000),
                    expires_at=more.pop("expires_at", timezone.now() + timedelta(minutes=1)),
                    **more,
                )
            ]
        )
        assert placed.refused is None, placed.refused
        return Order.objects.get(client_order_id=placed.client_order_id)

    return make


def pass_window() -> None:
    """Eleven seconds go by for every order that is on its way: more than the window of a request and the margin."""
    Order.objects.filter(status__in=("submitting", "unknown")).update(
        submitted_at=F("submitted_at") - timedelta(seconds=11)
    )


def held(book) -> Decimal:
    return Position.objects.get(book=book).units


def fills() -> int:
    return Fill.objects.count()
