"""Reads of what is shared with one person outside the workspace."""

from __future__ import annotations

from django.db.models import Max, OuterRef, QuerySet, Subquery
from guardian.shortcuts import get_objects_for_user

from apps.accounts.models import User
from apps.formulas.choices import PERMISSIONS, ShareLevel
from apps.formulas.models import Formula, FormulaShare


def shared_with(person: User, level: str = ShareLevel.VIEW) -> QuerySet[Formula]:
    """Formulas of others that the person may use at this level or above, last edited first.

    Each with its `level`, who shared it (`sharer_name`, `sharer_email`) and its `latest_version`. Not among them are
    archived ones, those of a workspace that is being closed, and those of workspaces the person is a member of, where
    the role decides.
    """
    granted = get_objects_for_user(
        person,
        PERMISSIONS[ShareLevel(level)][-1],
        Formula,
        use_groups=False,
        with_superuser=False,
        accept_global_perms=False,
    )
    share = FormulaShare.objects.filter(formula=OuterRef("pk"), person=person)
    return (
        granted.filter(archived_at=None, workspace__closes_at=None)  # type: ignore[no-redef]
        .exclude(workspace__memberships__user=person)
        .annotate(
            level=Subquery(share.values("level")[:1]),
            sharer_name=Subquery(share.values("shared_by__name")[:1]),
            sharer_email=Subquery(share.values("shared_by__email")[:1]),
            latest_version=Max("versions__number"),
        )
        .order_by("-updated_at", "-id")
    )


def shares_of(formula: Formula) -> QuerySet[FormulaShare]:
    """With whom the formula is shared, the newest first."""
    return formula.shares.select_related("shared_by").order_by("-created_at", "-id")
