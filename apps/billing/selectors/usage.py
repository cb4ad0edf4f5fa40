"""Reads of what was used, by day."""

from __future__ import annotations

from datetime import date

from django.db.models import Sum

from apps.accounts.models import Workspace
from apps.billing.models import UsageDay


def usage_by_day(workspace: Workspace, meter: str, since: date, until: date) -> dict[date, int]:
    """What was used of a meter on each day (UTC) from `since` to `until`, both included; days of none are left out."""
    found = UsageDay.objects.filter(workspace=workspace, meter=meter, day__range=(since, until))
    return dict(found.values_list("day", "amount"))


def usage_between(workspace: Workspace, since: date, until: date) -> dict[str, int]:
    """What was used of each meter from `since` to `until`, both included."""
    found = UsageDay.objects.filter(workspace=workspace, day__range=(since, until))
    return dict(found.values_list("meter").annotate(Sum("amount")).order_by())


def usage_of_days(workspace: Workspace, since: date, until: date) -> dict[str, dict[date, int]]:
    """The same of every meter that was used at all."""
    found: dict[str, dict[date, int]] = {}
    rows = UsageDay.objects.filter(workspace=workspace, day__range=(since, until))
    for meter, day, amount in rows.values_list("meter", "day", "amount"):
        found.setdefault(meter, {})[day] = amount
    return found
