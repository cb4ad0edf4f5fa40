"""Signals of our own making: what bots do becomes signals on the way that others' alerts take."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.jobs import enqueue_on_commit
from apps.signals.choices import SourceKind
from apps.signals.models import AlertSource
from apps.signals.statements import INSERT_ALERTS, batch_of, own_row
from apps.signals.tokens import PREFIX_LENGTH, hash_token

NAME = "Bots"


@dataclass(frozen=True, slots=True)
class OwnSignal:
    """`id` is unique in the source: the same one again makes no second signal. `action` buy, sell, exit or info."""

    source_id: int
    id: str
    symbol: str
    action: str
    price: float
    timeframe: str
    strategy: str
    bar_time: datetime
    facts: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def own_source(workspace_id: int) -> AlertSource:
    """The source of what the workspace's bots do; made where there is none."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
    found = AlertSource.objects.filter(workspace_id=workspace_id, kind=SourceKind.BOT).order_by("id").first()
    if found is not None:
        return found
    token = secrets.token_urlsafe(32)  # of no use: the intake takes nothing for this kind
    return AlertSource.objects.create(
        workspace_id=workspace_id,
        name=NAME,
        kind=SourceKind.BOT,
        token_hash=hash_token(token),
        token_prefix=token[:PREFIX_LENGTH],
    )


def emit(signals: Sequence[OwnSignal]) -> None:
    """Store the signals in one statement of the caller's transaction; alarms are looked for after it."""
    if not signals:
        return
    now = timezone.now()
    rows = []
    for signal in signals:
        body = {
            "id": signal.id,
            "ticker": signal.symbol,
            "action": signal.action,
            "price": repr(signal.price),
            "interval": signal.timeframe,
            "strategy": signal.strategy[:200],
            **signal.facts,
        }
        if signal.bar_time <= now:  # a replay that goes round tells times that are still to come
            body["time"] = signal.bar_time.isoformat()
        rows.append(own_row(signal.source_id, signal.id, json.dumps(body).encode(), received_at=now))
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ALERTS, [batch_of(rows)])
    enqueue_on_commit("signals.sweep_alerts")
