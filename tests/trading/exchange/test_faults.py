"""Whatever goes wrong on the way, the exchange ends with the orders that were meant and no other."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.trading.brokers.pool import close_brokers
from apps.trading.choices import AccountState, EventKind, OrderStatus
from apps.trading.models import Fill, Order, OrderEvent, Position
from apps.trading.services import cancel_order
from apps.trading.services.exchange import refresh_orders, resolve_orders, submit_orders
from apps.trading.services.exchange.speaking import circuit_of
from apps.trading.services.rebuilding import differences
from tests.exchange import Fault, LoopbackExchange
from tests.trading.exchange.conftest import pass_window

pytestmark = pytest.mark.django_db
D = Decimal


def work_until_settled(account, *, within_s: float = 30.0, waits: bool = True) -> None:
    """What beat does every five seconds, done over and over. Without waiting, the windows pass by themselves."""
    stop_at = time.monotonic() + within_s
    while time.monotonic() < stop_at:
        resolve_orders(account.pk)
        submit_orders(account.pk)
        if not waits:
            pass_window()
        circuit_of(account).tell(ok=True)  # its pause is another test's
        if not Order.objects.filter(status__in=("pending", "submitting", "unknown")).exists():
            return
        time.sleep(0.02)
    raise AssertionError(list(Order.objects.values_list("status", "words")))


def placed(exchange: LoopbackExchange) -> list[str]:
    """The client ids of all orders that ever reached the exchange's book."""
    return [order.client_id for order in exchange.matching.orders]


def kinds(order) -> list[str]:
    return list(OrderEvent.objects.filter(order=order).order_by("number").values_list("kind", flat=True))


def test_without_a_fault(exchange, account, book, order) -> None:
    wanted = order()
    assert submit_orders(account.pk) == 1
    wanted.refresh_from_db()
    assert (wanted.status, wanted.exchange_order_id) == (OrderStatus.FILLED, "1001")
    assert kinds(wanted) == ["placed", "submitting", "accepted"]
    assert placed(exchange) == [wanted.client_order_id]
    # 0.01 BTC at 30,000, of which 0.1 % was kept as a fee: the ledger holds what the exchange holds
    assert Position.objects.get(book=book).units == D("0.00999")
    book.refresh_from_db()
    assert book.cash == D(20_000) - D(300)


FAULTS = [
    pytest.param(Fault.lost_before(), id="lost before it was taken"),
    pytest.param(Fault.lost_after(), id="lost after it was taken"),
    *(pytest.param(Fault.cut(length), id=f"cut after {length} bytes") for length in (1, 40, 80, 160, 500)),
    pytest.param(Fault.time_out(0.4, carried_out=False), id="time-out, not taken"),
    pytest.param(Fault.time_out(0.4, carried_out=True), id="time-out, taken"),
    pytest.param(Fault.late(0.1), id="taken while we already look for it"),
    pytest.param(Fault.late(0.5), id="too late to be taken"),
    pytest.param(Fault.limited(1), id="429"),
    pytest.param(Fault.banned(1), id="418"),
    pytest.param(Fault.maintenance(times=2), id="maintenance"),
    pytest.param(Fault.status_unknown(carried_out=True), id="status unknown, taken"),
    pytest.param(Fault.status_unknown(carried_out=False), id="status unknown, not taken"),
    pytest.param(Fault(status=502, body="<html>bad gateway</html>"), id="a gateway's page"),
    pytest.param(Fault(status=200, body={"code": 0}), id="an answer that says nothing"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_one_order(exchange, hurried, account, book, order, fault, settings) -> None:
    wanted = order()
    if fault.stall_s:
        settings.EXCHANGE_TIMEOUT_MS = 200
        close_brokers()  # the next one knows of it
    exchange.fault(fault)
    began = time.monotonic()
    work_until_settled(account)
    time.sleep(max(0.0, fault.delay_s + 0.1 - (time.monotonic() - began)))  # what is late has arrived as well
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.FILLED, wanted.words
    assert placed(exchange) == [wanted.client_order_id]
    assert Fill.objects.count() == 1
    assert Position.objects.get(book=book).units == D("0.00999")
    assert differences(book) == []  # the tables are what the events say, whatever happened on the way


def test_faults_of_the_question_as_well(exchange, hurried, account, book, order) -> None:
    """The reply is lost, and so are the first answers to what became of it."""
    wanted = order()
    exchange.fault(Fault.lost_after())
    exchange.fault(Fault.lost_after("GET /api/v3/order", times=2), Fault.maintenance("GET /api/v3/order"))
    work_until_settled(account)
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.FILLED
    assert placed(exchange) == [wanted.client_order_id]


SEVERAL = (
    Fault.lost_before, Fault.lost_after, lambda: Fault.cut(60), lambda: Fault.late(0.1),
    lambda: Fault.status_unknown(carried_out=True), Fault.lost_after, Fault.lost_before, Fault.maintenance,
    lambda: Fault.late(0.5), lambda: Fault.cut(200),
)  # fmt: skip


@pytest.mark.parametrize(
    ("orders", "faults"), [(6, SEVERAL[:4]), pytest.param(60, SEVERAL * 4, marks=pytest.mark.prove)]
)
def test_many_orders_through_many_faults(exchange, hurried, account, book, order, orders, faults) -> None:
    """As many at the exchange as were meant, in the order they were decided."""
    names = [order(number, units="0.002").client_order_id for number in range(orders)]
    for fault in faults:
        exchange.fault(fault())
    work_until_settled(account, within_s=120)
    assert placed(exchange) == names
    assert set(Order.objects.values_list("status", flat=True)) == {"filled"}
    assert Position.objects.get(book=book).units == D("0.001998") * orders
    assert differences(book) == []


def test_an_order_that_is_not_answered_is_not_sent_again_before_it_can_no_longer_arrive(
    exchange, account, order
) -> None:
    wanted = order()
    exchange.fault(Fault.lost_before())
    submit_orders(account.pk)
    for _ in range(3):
        resolve_orders(account.pk)
        submit_orders(account.pk)
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.UNKNOWN
    assert exchange.requests["POST /api/v3/order"] == 1
    pass_window()
    resolve_orders(account.pk)
    wanted.refresh_from_db()
    assert (wanted.status, kinds(wanted)[-1]) == (OrderStatus.PENDING, EventKind.NOT_FOUND)


def test_an_intent_that_grew_old_meanwhile_is_not_sent_again(exchange, account, order) -> None:
    wanted = order()
    exchange.fault(Fault.lost_before())
    submit_orders(account.pk)
    Order.objects.filter(pk=wanted.pk).update(expires_at=timezone.now())
    work_until_settled(account, waits=False)
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.EXPIRED
    assert placed(exchange) == []


def test_partial_fills_are_counted_as_they_come(exchange, account, book, order) -> None:
    wanted = order(kind="limit", price=D(29000), units="0.03")
    submit_orders(account.pk)
    for _ in range(2):
        exchange.offer("BTCUSDT", "0.01", "29000")
        refresh_orders(account.pk)
        refresh_orders(account.pk)  # looking twice changes nothing
    wanted.refresh_from_db()
    assert (wanted.status, wanted.filled) == (OrderStatus.PARTLY_FILLED, D("0.01998"))
    exchange.offer("BTCUSDT", "0.01", "29000")
    refresh_orders(account.pk)
    wanted.refresh_from_db()
    assert (wanted.status, Fill.objects.count()) == (OrderStatus.FILLED, 3)
    assert Position.objects.get(book=book).units == D("0.02997")
    assert differences(book) == []


def test_cancelling_what_rests(exchange, account, book, order, user) -> None:
    """Its answer is lost twice, and a part was filled meanwhile."""
    wanted = order(kind="limit", price=D(29000), units="0.03")
    submit_orders(account.pk)
    cancel_order(wanted, actor=user)
    exchange.offer("BTCUSDT", "0.01", "29000")
    exchange.fault(
        Fault.lost_before("DELETE /api/v3/order"),
        Fault.lost_after("DELETE /api/v3/order"),
    )
    for _ in range(3):
        refresh_orders(account.pk)
    wanted.refresh_from_db()
    assert (wanted.status, wanted.filled) == (OrderStatus.CANCELLED, D("0.00999"))
    assert Position.objects.get(book=book).units == D("0.00999")
    assert exchange.matching.orders[0].status == "CANCELED"
    assert differences(book) == []


def test_what_was_cancelled_while_its_fate_was_unknown_is_not_sent_again(
    exchange, account, order, user
) -> None:
    wanted = order()
    exchange.fault(Fault.lost_before())
    submit_orders(account.pk)
    cancel_order(wanted, actor=user)
    work_until_settled(account, waits=False)
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.CANCELLED
    assert placed(exchange) == []


def test_a_look_cancels_only_what_somebody_wants_cancelled(exchange, account, order) -> None:
    order(kind="limit", price=D(29000))
    submit_orders(account.pk)
    refresh_orders(account.pk)
    assert exchange.matching.orders[0].status == "NEW"


def test_a_clock_that_is_off(exchange, account, order) -> None:
    order(1)
    submit_orders(account.pk)
    exchange.skew_ms = 120_000
    wanted = order(2)
    work_until_settled(account, waits=False)
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.FILLED
    assert len(placed(exchange)) == 2


def test_the_exchange_says_no(exchange, account, order) -> None:
    exchange.matching.symbols["BTCUSDT"].min_notional = D(1000)  # more than it told when it was asked
    wanted = order()
    submit_orders(account.pk)
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.REJECTED
    assert "NOTIONAL" in wanted.words


def test_keys_that_are_not_taken_any_more_stop_the_account(exchange, account, order) -> None:
    wanted = order()
    order(2)
    exchange.matching.accounts["key"].permissions["enableSpotAndMarginTrading"] = False
    submit_orders(account.pk)
    wanted.refresh_from_db()
    account.refresh_from_db()
    assert (wanted.status, account.state) == (OrderStatus.REJECTED, AccountState.FAILED)
    assert exchange.requests["POST /api/v3/order"] == 1  # the second one stays


def test_an_order_waits_for_the_one_before_it(exchange, account, order) -> None:
    """An exit does not leave while nobody knows what became of the entry."""
    first, second = order(1), order(2)
    exchange.fault(Fault.lost_before())
    submit_orders(account.pk)
    submit_orders(account.pk)
    second.refresh_from_db()
    assert second.status == OrderStatus.PENDING
    work_until_settled(account, waits=False)
    assert placed(exchange) == [first.client_order_id, second.client_order_id]


def test_a_circuit_opens_and_orders_do_not_burst_out_of_it(exchange, account, order, settings) -> None:
    settings.EXCHANGE_CIRCUIT = {"faults": 2, "pause_s": 60, "longest_s": 60}
    stale = order(1)
    exchange.fault(Fault.limited(60))
    submit_orders(account.pk)
    Order.objects.filter(pk=stale.pk).update(expires_at=timezone.now())
    assert circuit_of(account).look().state == "open"
    requests = exchange.requests["POST /api/v3/order"]
    for _ in range(5):
        submit_orders(account.pk)
    assert exchange.requests["POST /api/v3/order"] == requests  # left alone, as it asked
    circuit_of(account).hold(0)  # the minute is over
    fresh = order(2)
    work_until_settled(account)
    stale.refresh_from_db()
    fresh.refresh_from_db()
    assert (stale.status, fresh.status) == (OrderStatus.EXPIRED, OrderStatus.FILLED)
    assert placed(exchange) == [fresh.client_order_id]


def test_without_redis_orders_are_sent_all_the_same(exchange, account, order, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    wanted = order()
    submit_orders(account.pk)
    wanted.refresh_from_db()
    assert wanted.status == OrderStatus.FILLED
