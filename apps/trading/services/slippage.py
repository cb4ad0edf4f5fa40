"""What our own orders cost beyond the price they were decided at, fitted weekly by workspace and instrument."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.markets.models import MeasuredCost
from apps.markets.services import store_measured_costs
from apps.trading.choices import ENDED, AccountKind, OrderKind
from apps.trading.models import Order
from apps.trading.rules.slippage import fit, slippage_bps

LOOKED_BACK = timedelta(days=90)
MOST_ORDERS = 2000  # of one workspace in one instrument, the newest


def fit_slippage() -> int:
    """Measure anew wherever orders were filled in the last 90 days. Returns how many instruments were measured.

    Market orders and stops of accounts at exchanges count; a test network's prices mean nothing.
    """
    now = timezone.now()
    samples: dict[tuple[int, int], list[tuple[datetime, float]]] = defaultdict(list)
    for workspace, instrument, side, kind, paid, reference, trigger, at in _orders(now - LOOKED_BACK):
        decided = trigger if kind == OrderKind.STOP else reference
        found = samples[workspace, instrument]
        if decided and len(found) < MOST_ORDERS:
            found.append((at, slippage_bps(side, decided, paid)))
    costs = []
    for (workspace, instrument), found in sorted(samples.items()):
        fitted = fit(bps for _, bps in found)
        if fitted is not None:
            costs.append(
                MeasuredCost(
                    workspace_id=workspace,
                    instrument_id=instrument,
                    slippage_bps=fitted.bps,
                    error_bps=fitted.error_bps,
                    orders=fitted.orders,
                    since=min(at for at, _ in found),
                    until=max(at for at, _ in found),
                    measured_at=now,
                )
            )
    store_measured_costs(costs)
    return len(costs)


def _orders(since: datetime) -> Iterator[tuple[Any, ...]]:
    """The newest first."""
    filled = Order.objects.filter(
        account__kind=AccountKind.EXCHANGE,
        account__is_testnet=False,
        kind__in=(OrderKind.MARKET, OrderKind.STOP),
        status__in=ENDED,
        filled__gt=0,
        created_at__gte=since,
    )
    return (
        filled.order_by("-pk")
        .values_list(
            "book__workspace_id",
            "instrument_id",
            "side",
            "kind",
            "average",
            "intent__reference_price",
            "trigger",
            "intent__decided_at",
        )
        .iterator()
    )
