"""The receipt of value against a month counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from apps.billing.models import Payment, Plan, Refund, UsageDay
from apps.markets.models import Instrument
from apps.notifications.models import Notice
from apps.pages.receipts import Traded, month_of, receipt_of
from apps.pages.telling import tell_receipts
from apps.signals.models import Alert, AlertSource, Signal, SignalOutcome
from apps.trading.models import Book, Fill, Order
from apps.trading.services import ensure_paper_account

MARCH = date(2026, 3, 1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 6, tzinfo=UTC)


def signal(source, number, *, change=None, at=NOON, is_test=False):
    alert = Alert.objects.create(
        source=source,
        dedupe_key=f"{number}",
        received_at=at,
        body=b"",
        headers={},
        is_test=is_test,
        status="processed",
    )
    made = Signal.objects.create(
        workspace=source.workspace,
        source=source,
        alert=alert,
        symbol="X",
        action="buy",
        received_at=at,
        payload={},
        is_test=is_test,
    )
    for horizon in (3_600, 14_400):
        SignalOutcome.objects.create(
            signal=made,
            horizon_s=horizon,
            change=change if horizon == 14_400 else 0.5,
            reason="" if change is not None or horizon == 3_600 else "no_bars",
            measured_at=at,
        )


def pay(workspace, number, amount, at=NOON, **more):
    return Payment.objects.create(
        workspace_id=workspace.pk,
        gateway="stripe",
        external_id=f"pi_{number}",
        purpose="plan",
        currency="USD",
        amount=amount,
        status="succeeded",
        made_at=at,
        paid_at=at,
        **more,
    )


def trade(workspace, realised, fee, number, at=NOON):
    """A fill on paper, as the broker would write it."""
    account = ensure_paper_account(workspace, actor=workspace.owner)
    instrument, _ = Instrument.objects.get_or_create(
        workspace=workspace, symbol="X", defaults={"asset_class": "crypto"}
    )
    book, _ = Book.objects.get_or_create(
        workspace=workspace, account=account, name="Mine", currency="USD", defaults={"opened_at": at}
    )
    return Fill.objects.create(
        order=Order(pk=number),
        account=account,
        book=book,
        instrument=instrument,
        exchange_trade_id=f"t{number}",
        side="sell",
        units=1,
        price=100,
        fee=Decimal(fee),
        fee_currency="USD",
        realised=Decimal(realised),
        at=at,
    )


@pytest.fixture
def march(workspace, stranger):
    """Four signals, two of them useful; 60.00 paid, 2.00 of it given back; 9.75 earned by two fills."""
    source = AlertSource.objects.create(workspace=workspace, name="Mine", token_hash="a", token_prefix="b")
    for number, change in enumerate([0.02, 0.001, -0.03, None]):
        signal(source, number, change=change)
    signal(source, "test", change=0.5, is_test=True)
    signal(source, "april", change=0.5, at=APRIL)
    whole = pay(workspace, 1, 6000, refunded=200)
    Refund.objects.create(payment=whole, external_id="re", amount=200, status="succeeded", made_at=NOON)
    pay(workspace, 2, 9900, at=datetime(2026, 4, 1, tzinfo=UTC))
    trade(workspace, "12.50", "0.50", 1)
    trade(workspace, "-2.75", "0.25", 2)
    trade(workspace, "99", "1", 3, at=APRIL)
    UsageDay.objects.create(workspace=workspace, meter="backtests", day=date(2026, 3, 4), amount=1)
    UsageDay.objects.create(workspace=workspace, meter="backtests", day=date(2026, 4, 1), amount=70)
    return workspace


def test_a_month_counted_by_hand(march):
    receipt = receipt_of(march, MARCH, today=APRIL.date())
    assert (receipt.signals, receipt.measured, receipt.useful) == (4, 3, 2)
    assert receipt.costs == {"USD": 5800}
    assert receipt.cost_per_useful == {"USD": 2900}
    assert receipt.trades == [Traded("USD", True, 2, Decimal("9.75"), Decimal("0.75"))]
    assert receipt.trades[0].net == Decimal("9.00")
    assert receipt.usage == {"backtests": 1}
    assert receipt.is_over


def test_less_is_advised_only_where_it_would_have_been_enough(march):
    assert march.plan_code == "pro"
    advice = receipt_of(march, MARCH, today=APRIL.date()).advice
    assert advice is not None
    assert advice.plan == Plan.objects.get(code="free", is_current=True)
    assert "trade live" in advice.lacks
    UsageDay.objects.filter(day=date(2026, 3, 4)).update(amount=10_000)
    assert receipt_of(march, MARCH, today=APRIL.date()).advice is None
    assert receipt_of(march, MARCH, today=date(2026, 3, 31)).advice is None


def test_the_owner_is_told_once_a_month(march, stranger):
    assert tell_receipts(APRIL) == 1
    assert tell_receipts(APRIL + timedelta(days=1)) == 0
    notice = Notice.objects.get(event="pages.receipt.made")
    assert notice.person_id == march.owner_id
    assert notice.data["title"] == "March 2026: 4 signals, 2 useful"
    assert notice.data["text"].startswith(
        "USD 58.00 for the platform: USD 29.00 for each useful signal. Free would have been enough"
    )


def test_the_page_of_a_month(web, march):
    page = web.get("/settings/workspace/receipt/?month=2026-03")
    text = page.content.decode()
    assert "USD\u00a058.00" in text
    assert "simulated" in text
    for wrong in ("2026-13", "1999-12", "2999-01", "x"):
        assert web.get(f"/settings/workspace/receipt/?month={wrong}").status_code == 404
    assert web.get("/settings/workspace/receipt/").status_code == 200
    assert month_of("2026-3") == MARCH


def test_the_receipt_by_program(api, march):
    found = api.get("/api/v1/receipts/2026-03/").json()
    assert (found["useful"], found["costs"], found["cost_per_useful"]) == (2, {"USD": 5800}, {"USD": 2900})
    assert Decimal(found["trades"][0]["realised"]) == Decimal("9.75")
    assert found["advice"]["plan"] == "free"
    for wrong in ("2026-13", "2999-01"):
        assert api.get(f"/api/v1/receipts/{wrong}/").status_code == 404
