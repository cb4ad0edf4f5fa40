"""Reads of alarms, of when they fired, and of broken sequences."""

from __future__ import annotations

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import Workspace
from apps.signals.models import Alarm, AlertSource, Firing, SequenceIncident, Signal


def alarms_of(workspace: Workspace) -> QuerySet[Alarm]:
    """Of everybody in the workspace, newest first."""
    return _alarms(workspace).filter(deleted_at=None).order_by("-id")


def deleted_alarms_of(workspace: Workspace) -> QuerySet[Alarm]:
    """Those that can be brought back, the last deleted first."""
    return _alarms(workspace).exclude(deleted_at=None).order_by("-deleted_at", "-id")


def _alarms(workspace: Workspace) -> QuerySet[Alarm]:
    alarms = Alarm.objects.filter(workspace=workspace)
    return alarms.select_related("source", "person", "ladder", "workspace")


def alarms_with_firings(workspace: Workspace) -> QuerySet[Alarm]:
    """Adds `fired`: how often each sent a signal on."""
    fired = (
        Firing.objects.filter(alarm=OuterRef("pk"))
        .filter(~Q(state__in=("muted", "cooling", "off_hours")))
        .order_by()
        .values("alarm")
        .annotate(number=Count("id"))
        .values("number")
    )
    return alarms_of(workspace).annotate(fired=Subquery(fired))


def firings_of(alarm: Alarm) -> QuerySet[Firing]:
    """Newest first."""
    return Firing.objects.filter(alarm=alarm).select_related("signal__source").order_by("-id")


def firings_of_signal(signal: Signal) -> QuerySet[Firing]:
    """Newest first."""
    return Firing.objects.filter(signal=signal).select_related("alarm__person").order_by("-id")


def incidents_of(source: AlertSource) -> QuerySet[SequenceIncident]:
    """Newest first."""
    return SequenceIncident.objects.filter(source=source).order_by("-id")
