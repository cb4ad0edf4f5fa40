"""Differences between exchange and ledger: written once, told to those who may do something, never traded away."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.selectors import people_with
from apps.journal.services import record
from apps.notifications.services import NewNotice, queue_notices
from apps.trading.choices import DiscrepancyKind
from apps.trading.events import ACCOUNT_DIFFERS, FOREIGN_ORDER
from apps.trading.models import Discrepancy, TradingAccount

QUIET = (DiscrepancyKind.MISSED_FILL, DiscrepancyKind.FEE)  # shown on the account's page alone


@transaction.atomic
def report_discrepancy(
    account: TradingAccount, kind: DiscrepancyKind, *, key: str, words: str, data: dict[str, Any]
) -> bool:
    """Write it down and tell of it, once. Returns whether it is new."""
    found, is_new = Discrepancy.objects.get_or_create(
        account=account,
        kind=kind,
        key=key,
        defaults={"workspace_id": account.workspace_id, "words": words[:300], "data": data},
    )
    if is_new:
        record(
            actor=None,
            workspace=account.workspace,
            action="trading.discrepancy.found",
            target=found,
            changes={"kind": kind.value, "words": found.words},
        )
        if kind not in QUIET:
            _tell(account, found)
    return is_new


@transaction.atomic
def resolve_discrepancy(found: Discrepancy, *, actor: User) -> None:
    """Somebody has looked at it. Nothing else changes."""
    if Discrepancy.objects.filter(pk=found.pk, resolved_at=None).update(
        resolved_at=timezone.now(), resolved_by=actor
    ):
        record(actor=actor, workspace=found.workspace, action="trading.discrepancy.resolved", target=found)


def _tell(account: TradingAccount, found: Discrepancy) -> None:
    is_foreign = found.kind in (DiscrepancyKind.FOREIGN_ORDER, DiscrepancyKind.EXTERNAL_TRADE)
    event = FOREIGN_ORDER if is_foreign else ACCOUNT_DIFFERS

    def said() -> dict[str, Any]:
        text = found.words
        if is_foreign:
            text = f"{text} " + (
                gettext(
                    "If nobody of you did this, somebody else has your keys: freeze the account and delete them there."
                )
            )
        return {
            "title": f"{found.get_kind_display()}: {account.name}",
            "text": text,
            "url": f"/trading/accounts/{account.uuid}/",
            "url_words": gettext("Open the account"),
        }

    queue_notices(
        [
            NewNotice(
                person_id=person,
                event=event.name,
                key=f"discrepancy:{found.uuid}:{person}",
                data=said,
                workspace_id=account.workspace_id,
            )
            for person in people_with(account.workspace, "trading.manage")
        ]
    )
