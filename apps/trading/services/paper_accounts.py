"""The paper account that a workspace's bots trade on unless another is chosen."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.journal.services import record
from apps.trading.choices import AccountKind, AccountState
from apps.trading.models import TradingAccount

NAME = "Paper"
FEE_RATE = Decimal("0.001")  # what most exchanges take of a small trader
SLIPPAGE_BPS = Decimal(2)


@transaction.atomic
def ensure_paper_account(workspace: Workspace, *, actor: User | None) -> TradingAccount:
    """The workspace's oldest paper account; one with usual costs is made where there is none."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two at once make one
    accounts = TradingAccount.objects.filter(workspace=workspace)
    found = accounts.filter(kind=AccountKind.PAPER).order_by("id").first()
    if found is not None:
        return found
    taken = set(accounts.values_list("name", flat=True))
    names = [NAME, *(f"{NAME} {number}" for number in range(2, len(taken) + 3))]
    account = TradingAccount.objects.create(
        workspace=workspace,
        name=next(name for name in names if name not in taken),
        kind=AccountKind.PAPER,
        state=AccountState.CONNECTED,
        fee_rate=FEE_RATE,
        slippage_bps=SLIPPAGE_BPS,
    )
    record(actor=actor, workspace=workspace, action="trading.account.opened", target=account)
    return account
