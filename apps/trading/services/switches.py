"""Kill switches: one row stops new intents everywhere below it, from the next transaction on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.journal.services import record
from apps.trading import hooks
from apps.trading.choices import SwitchScope
from apps.trading.errors import SwitchOff
from apps.trading.models import Book, KillSwitch
from apps.trading.services import statements
from apps.trading.services.telling import tell_switch


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches that are on for some workspaces, those of the platform included."""

    rows: tuple[tuple[str, int | None, int | None, str, str], ...]  # scope, workspace, book, value, reason

    @classmethod
    def active(cls, workspace_ids: Collection[int]) -> Switches:
        with connection.cursor() as cursor:
            cursor.execute(statements.SWITCHES, [sorted(workspace_ids)])
            return cls(tuple(cursor.fetchall()))

    def words(self, workspace: int, book: int, symbol: str, exchange: str) -> str:
        """Which switch stops an intent, in words; empty when none does."""
        for scope, of_workspace, of_book, value, reason in self.rows:
            if of_workspace not in (None, workspace):
                continue
            if (
                scope in (SwitchScope.PLATFORM, SwitchScope.WORKSPACE)
                or (scope == SwitchScope.BOOK and of_book == book)
                or (scope == SwitchScope.SYMBOL and value == symbol)
                or (scope == SwitchScope.EXCHANGE and value == exchange)
            ):
                return gettext("Kill switch ({lower}{value}): {reason}").format(
                    lower=SwitchScope(scope).label.lower(), value=" " + value if value else "", reason=reason
                )[:300]
        return ""


@transaction.atomic
def throw_switch(
    *,
    scope: str,
    reason: str,
    workspace: Workspace | None,
    book: Book | None = None,
    value: str = "",
    actor: User | None,
) -> KillSwitch:
    """Stop new intents in the scope from the commit on; one that is on already is returned as it is.

    Without a workspace it holds for everybody, and staff alone may ask for that.
    """
    fields = {
        "scope": scope,
        "workspace": workspace,
        "book": book if scope == SwitchScope.BOOK else None,
        "value": (value.strip().upper() if scope == SwitchScope.SYMBOL else value.strip().lower())
        if scope in (SwitchScope.SYMBOL, SwitchScope.EXCHANGE)
        else "",
    }
    switch, is_new = KillSwitch.objects.get_or_create(
        **fields, lifted_at=None, defaults={"reason": reason.strip()[:300], "actor": actor}
    )
    if is_new:
        record(
            actor=actor,
            workspace=workspace,
            action="trading.kill_switch.thrown",
            target=switch,
            changes={"scope": scope, "value": fields["value"], "reason": switch.reason}
            | ({"book": str(book.uuid)} if book else {}),
        )
        hooks.switched.send_on_commit(switch_id=switch.pk)
        tell_switch(switch)
    return switch


@transaction.atomic
def lift_switch(switch: KillSwitch, *, actor: User | None) -> KillSwitch:
    """Let intents through again. Raises SwitchOff when somebody lifted it before."""
    now = timezone.now()
    if not KillSwitch.objects.filter(pk=switch.pk, lifted_at=None).update(lifted_at=now, lifted_by=actor):
        raise SwitchOff(gettext("This kill switch is lifted already."))
    switch.refresh_from_db()
    record(actor=actor, workspace=switch.workspace, action="trading.kill_switch.lifted", target=switch)
    hooks.switched.send_on_commit(switch_id=switch.pk)
    tell_switch(switch)
    return switch
