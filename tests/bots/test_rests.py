"""What less than an order leaves of a live position: it cannot be sold, and does not keep its bot from entering."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from apps.bots.choices import Mode
from apps.bots.models import Bot, Cohort
from apps.bots.services.crew import crew_of, forget_crews
from apps.bots.services.live import sync_live
from apps.bots.services.memory import load_memory
from apps.trading.choices import AccountKind
from apps.trading.models import ExchangeMarket, Position
from tests.bots.conftest import bring, run_all, wave


@pytest.fixture
def live(feed, new_bot, account) -> Bot:
    """A bot at an exchange whose lots are of 0.001 and whose smallest order is 0.01."""
    bring(feed, wave(60))
    bot = new_bot()
    run_all()
    account.kind, account.exchange = AccountKind.EXCHANGE, "binance"
    account.save()
    ExchangeMarket.objects.create(
        exchange="binance",
        is_testnet=False,
        name=feed.instrument.symbol,
        base="A",
        quote="B",
        lot_size=Decimal("0.001"),
        min_size=Decimal("0.01"),
        read_at=timezone.now(),
    )
    Bot.objects.filter(pk=bot.pk).update(mode=Mode.LIVE)
    forget_crews()
    return bot


@pytest.mark.parametrize(
    ("held", "seen"), [("0.0099", 0.0), ("0.01", 0.01), ("-0.0099", 0.0), ("0.0109", 0.0109)]
)
def test_what_the_simulator_sees_of_what_is_held(live, feed, held, seen) -> None:
    Position.objects.create(
        book=live.book,
        instrument=feed.instrument,
        units=Decimal(held),
        cost=Decimal(held) * 100,
        opened_at=timezone.now(),
        updated_at=timezone.now(),
    )
    cohort = Cohort.objects.get()
    crew = crew_of(cohort)
    accounts = load_memory(cohort, crew).accounts
    assert crew.live.all()
    sync_live(crew, accounts)
    assert accounts.row("units")[0] == seen
