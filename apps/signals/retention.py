"""How long a workspace keeps signals, by its plan; what goes leaves its hash in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from apps.billing.models import Plan
from apps.signals.models import Signal, SignalChain


def signals_beyond_plan() -> Q:
    return _beyond("signal_days", "workspace", "received_at") & Q(is_sealed=True)


def firings_beyond_plan() -> Q:
    return _beyond("signal_days", "alarm__workspace", "fired_at")


def alerts_beyond_plan() -> Q:
    """Those that were answered; one that still waits to become a signal keeps its text."""
    return _beyond("alert_days", "source__workspace", "received_at") & ~Q(status="received")


def _beyond(column: str, workspace: str, moment: str) -> Q:
    """Rows whose workspace's plan keeps them no longer. A plan without a number sets no end."""
    now = timezone.now()
    over = Q(pk__in=[])
    plans = Plan.objects.exclude(**{column: None}).values_list("code", "version", "is_current", column)
    for code, version, is_current, days in plans:
        has = Q(**{f"{workspace}__plan_version": version})
        if is_current:
            has |= Q(**{f"{workspace}__plan_version": None})
        over |= has & Q(**{f"{workspace}__plan_code": code, f"{moment}__lt": now - timedelta(days=days)})
    return over


def note_dropped(signals: Sequence[Signal]) -> None:
    """Write down, for whoever verifies the chain, up to when signals may be missing."""
    newest: dict[int, datetime] = {}
    for signal in signals:
        before = newest.get(signal.workspace_id)
        newest[signal.workspace_id] = max(before, signal.received_at) if before else signal.received_at
    for workspace_id, moment in newest.items():
        SignalChain.objects.filter(workspace_id=workspace_id).update(
            dropped_until=Greatest(Coalesce(F("dropped_until"), Value(moment)), Value(moment))
        )
