"""Setting risk limits: of the workspace, of one account, of one book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.journal.services import record
from apps.trading.errors import WrongLimit
from apps.trading.models import Book, RiskLimits, TradingAccount

AMOUNTS = ("max_order_notional", "max_position_notional", "max_daily_loss", "max_drawdown", "max_leverage")
COUNTS = ("price_collar_bps", "orders_per_minute")
FIELDS = (*AMOUNTS, *COUNTS, "symbols")


@transaction.atomic
def set_limits(
    workspace: Workspace,
    values: dict[str, Any],
    *,
    account: TradingAccount | None = None,
    book: Book | None = None,
    actor: User | None,
) -> RiskLimits:
    """Store the limits given in `values` (None: no limit); the others stay. Raises WrongLimit naming the field."""
    for name, value in values.items():
        _check(name, value)
    limits, _ = RiskLimits.objects.select_for_update().get_or_create(
        workspace=workspace, account=account, book=book
    )
    changes = {}
    for name, value in values.items():
        before = getattr(limits, name)
        if name == "symbols":
            value = sorted({str(symbol).strip().upper() for symbol in value or [] if str(symbol).strip()})
        if before != value:
            changes[name] = [_text(before), _text(value)]
            setattr(limits, name, value)
    if changes:
        limits.save()
        record(
            actor=actor,
            workspace=workspace,
            action="trading.limits.changed",
            target=limits,
            changes=changes
            | ({"account": account.name} if account else {})
            | ({"book": book.name} if book else {}),
        )
    return limits


def _check(name: str, value: Any) -> None:
    if name not in FIELDS:
        raise WrongLimit(
            gettext("There is no limit “{name}”. There are: {join}.").format(
                name=name, join=", ".join(FIELDS)
            ),
            field=name,
        )
    if value is None or name == "symbols":
        return
    if name in AMOUNTS and (not isinstance(value, Decimal) or not value.is_finite() or value <= 0):
        raise WrongLimit(gettext("A limit is more than 0; leave it empty for none."), field=name)
    if name in COUNTS and (not isinstance(value, int) or value < 0):
        raise WrongLimit(
            gettext("A limit is a whole number, 0 or more; leave it empty for none."), field=name
        )
    if name == "max_drawdown" and value > 1:
        raise WrongLimit(gettext("A drawdown is a fraction of the highest equity: 0.2 is 20 %."), field=name)


def _text(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
