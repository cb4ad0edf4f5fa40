"""From when on a workspace asks its members for a second factor, by its owner's wish or by its plan."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.journal.services import record


class MfaSource(StrEnum):
    OWN = "own_mfa_from"
    PLAN = "plan_mfa_from"


@transaction.atomic
def set_mfa_requirement(
    workspace: Workspace, *, source: MfaSource, starts: datetime | None, actor: User | None
) -> None:
    """Ask for second factors from `starts` on, or no longer (None); what the other source asks for stays."""
    locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
    before = getattr(locked, source)
    if before == starts:
        return
    setattr(locked, source, starts)
    locked.save(update_fields=[source.value, "updated_at"])
    setattr(workspace, source, starts)
    record(
        actor=actor,
        workspace=workspace,
        action="accounts.workspace.second_factor_asked"
        if starts
        else "accounts.workspace.second_factor_waived",
        target=workspace,
        changes={"by": "plan" if source is MfaSource.PLAN else "owner", "from": [before, starts]},
    )
