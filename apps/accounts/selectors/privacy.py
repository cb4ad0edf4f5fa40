"""Reads for the privacy pages: whose things are whose, what is held, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db.models import Count, Q, QuerySet

from apps.accounts.models import DataExport, RetentionRule, User, Workspace
from apps.core.privacy import Holding, Scope, holdings
from apps.core.retention import Kept, kept_kinds

_PEOPLE = Count("memberships", filter=Q(memberships__is_guest=False))


def sole_workspaces(user: User) -> QuerySet[Workspace]:
    """The workspaces that are the person's alone: they are exported and deleted with them."""
    return Workspace.objects.filter(owner=user).alias(people=_PEOPLE).filter(people__lte=1)


def teams_owned(user: User) -> QuerySet[Workspace]:
    """Workspaces the person owns in which others work: to be handed over before the person can go."""
    return Workspace.objects.filter(owner=user).alias(people=_PEOPLE).filter(people__gt=1)


def scope_of(user: User) -> Scope:
    """Everything by which rows lead to a person."""
    return Scope(
        person=user.pk,
        addresses=addresses_of(user),
        workspaces=dict(sole_workspaces(user).values_list("pk", "uuid")),
    )


def addresses_of(user: User) -> frozenset[str]:
    """Every e-mail address of a person, in lower case."""
    others = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return frozenset(address.lower() for address in (user.email, *others))


def exports_of(user: User) -> QuerySet[DataExport]:
    """A person's exports, newest first."""
    return DataExport.objects.filter(user=user).order_by("-id")


@dataclass(frozen=True)
class TableCount:
    """How many rows of one table something concerns."""

    holding: Holding
    rows: int


def what_is_held(scope: Scope) -> list[TableCount]:
    """Every table with rows of the scope, the fullest first."""
    counted = [TableCount(holding, holding.rows(scope).count()) for holding in holdings().values()]
    return sorted((c for c in counted if c.rows), key=lambda c: (-c.rows, c.holding.words))


@dataclass(frozen=True)
class Period:
    """For how many days something is kept in this installation."""

    kept: Kept
    days: int

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days)


def periods(*, of_workspaces: bool = False) -> list[Period]:
    """Everything that is kept for a time only, with the days in force; or what workspaces have of it."""
    chosen = dict(RetentionRule.objects.values_list("kind", "days"))
    kinds = sorted(kept_kinds().items())
    if of_workspaces:
        kinds = [(kind, kept) for kind, kept in kinds if _is_of_workspaces(kept)]
    return [Period(kept, chosen.get(kind, kept.days)) for kind, kept in kinds]


def _is_of_workspaces(kept: Kept) -> bool:
    holding = holdings().get(kept.label.lower())
    return holding is not None and bool(holding.workspace or holding.workspace_uuid)
