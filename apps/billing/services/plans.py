"""Which plan a workspace is on, and what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.accounts.services.second_factors import MfaSource, set_mfa_requirement
from apps.billing.hooks import plan_changed
from apps.billing.models import Plan
from apps.billing.services.credits import grant_plan_credits
from apps.journal.services import record

MFA_GRACE = timedelta(days=14)
BASE_PLAN = "free"  # what a workspace has without a subscription


@transaction.atomic
def change_plan(
    workspace: Workspace,
    code: str,
    *,
    actor: User | None,
    version: int | None = None,
    mfa_from: datetime | None = None,
) -> None:
    """Put the workspace on the plan `code`, on the version it bought or on whatever is current.

    A plan that requires second factors does so 14 days from now, or from `mfa_from`; one that began before keeps its
    day. Any other plan waives them (what the owner asks for stays). The month's credits of a larger plan are there at
    once; those that were granted stay until the month ends. Raises Plan.DoesNotExist.
    """
    plan = Plan.objects.get(code=code, **({"version": version} if version else {"is_current": True}))
    locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
    before = locked.plan_code
    if (before, locked.plan_version) != (code, version):
        locked.plan_code, locked.plan_version = code, version
        locked.save(update_fields=["plan_code", "plan_version", "updated_at"])
        record(
            actor=actor,
            workspace=locked,
            action="billing.plan.changed",
            target=locked,
            changes={"plan": [before, code], "version": plan.version},
        )
        plan_changed.send_on_commit(workspace_id=locked.pk)
    starts = None
    if plan.requires_mfa:
        starts = mfa_from or locked.plan_mfa_from or timezone.now() + MFA_GRACE
    set_mfa_requirement(locked, source=MfaSource.PLAN, starts=starts, actor=actor)
    grant_plan_credits(only=locked)
    workspace.refresh_from_db(fields=["plan_code", "plan_version", "plan_mfa_from"])
