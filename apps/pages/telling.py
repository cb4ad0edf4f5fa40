"""Receipts of value, told once a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.billing.models import Payment, UsageDay
from apps.billing.rules.money import money
from apps.core.manner import together, written
from apps.notifications.services import NewNotice, queue_notices
from apps.pages.events import RECEIPT_MADE
from apps.pages.receipts import Receipt, next_month, receipt_of

BATCH = 200


def tell_receipts(now: datetime | None = None) -> int:
    """Tell the owner of each workspace that was used in the last whole month. Returns how many notices are new.

    Run again it tells nobody twice.
    """
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    until = next_month(month)
    used = set(UsageDay.objects.filter(day__gte=month, day__lt=until).values_list("workspace_id", flat=True))
    paid = Payment.objects.filter(paid_at__date__gte=month, paid_at__date__lt=until)
    used |= set(paid.values_list("workspace_id", flat=True))
    told = 0
    waiting: list[NewNotice] = []
    for workspace in Workspace.objects.filter(pk__in=used).order_by("id").iterator(chunk_size=BATCH):
        receipt = receipt_of(workspace, month, today=today)
        if not receipt.is_empty:
            waiting.append(_notice(workspace, receipt))
        if len(waiting) >= BATCH:
            told += queue_notices(waiting)
            waiting = []
    return told + (queue_notices(waiting) if waiting else 0)


def _notice(workspace: Workspace, receipt: Receipt) -> NewNotice:
    return NewNotice(
        person_id=workspace.owner_id,
        workspace_id=workspace.pk,
        event=RECEIPT_MADE.name,
        key=f"pages:receipt:{workspace.pk}:{receipt.month:%Y-%m}",
        data=lambda: _said(workspace, receipt),
    )


def _said(workspace: Workspace, receipt: Receipt) -> dict[str, Any]:
    live = [one for one in receipt.trades if not one.is_paper]
    facts = [[gettext("Workspace"), workspace.name]]
    for one in live:
        facts.append(
            [gettext("Realised"), together(one.currency, f"{written(one.realised):,.2f}").replace("-", "−")]
        )
        facts.append(
            [gettext("Trading fees"), together(one.currency, f"{written(one.fees):,.2f}").replace("-", "−")]
        )
    if receipt.credits:
        facts.append([gettext("Credits"), f"{written(receipt.credits):,}"])
    text = _cost(receipt)
    if receipt.advice:
        text += " " + gettext("{plan} would have been enough for what was used.").format(
            plan=receipt.advice.plan.name
        )
    return {
        "title": f"{format_date(receipt.month, 'F Y')}: {_signals(receipt)}",
        "text": text,
        "facts": facts,
        "url": f"/settings/workspace/receipt/?month={receipt.month:%Y-%m}",
        "url_words": gettext("See the receipt"),
    }


def _signals(receipt: Receipt) -> str:
    if not receipt.signals:
        return gettext("no signals")
    many = (
        gettext("1 signal")
        if receipt.signals == 1
        else gettext("{signals:,} signals").format(signals=written(receipt.signals))
    )
    return (
        gettext("{many}, {useful:,} useful").format(many=many, useful=written(receipt.useful))
        if receipt.measured
        else many
    )


def _cost(receipt: Receipt) -> str:
    if not receipt.costs:
        return gettext("The platform cost nothing.")
    sums = ", ".join(money(amount, currency) for currency, amount in receipt.costs.items())
    each = receipt.cost_per_useful
    if each is None:
        return gettext("{sums} for the platform.").format(sums=sums)
    per = ", ".join(money(amount, currency) for currency, amount in each.items())
    return gettext("{sums} for the platform: {per} for each useful signal.").format(sums=sums, per=per)
