"""From stored alerts to signals, each exactly once however often and by however many workers this runs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.core.live import push_on_commit
from apps.journal.services import record
from apps.signals.choices import AlertStatus, SignalStatus
from apps.signals.errors import AlertRefused
from apps.signals.models import Alert, Signal, SignalStep
from apps.signals.rules import AlertContent, read_alert
from apps.signals.text_templates import compile_template

log = structlog.get_logger(__name__)

BATCH = 200
MAX_ATTEMPTS = 5


def process_alerts(*, batch: int = BATCH) -> int:
    """Turn one batch of waiting alerts into signals and tell the open feeds. Returns how many were claimed.

    When a batch fails, its alerts are tried one by one, so that one bad alert holds up nobody; after
    `MAX_ATTEMPTS` it is marked failed. Raises OperationalError when the database is gone: the next sweep goes on.
    """
    claimed: list[int] = []
    try:
        with transaction.atomic():
            alerts = _claim(Alert.objects.order_by("attempts", "id"), batch)
            claimed = [alert.pk for alert in alerts]
            _make_signals(alerts)
    except OperationalError:
        raise
    except Exception:
        log.exception("alert_batch_failed", alerts=len(claimed))
        for alert_id in claimed:
            _process_alone(alert_id)
    return len(claimed)


def _process_alone(alert_id: int) -> None:
    try:
        with transaction.atomic():
            _make_signals(_claim(Alert.objects.filter(pk=alert_id), 1))
    except OperationalError:
        raise
    except Exception as error:
        log.exception("alert_failed", alert_id=alert_id)
        waiting = Alert.objects.filter(pk=alert_id, status=AlertStatus.RECEIVED)
        waiting.update(attempts=F("attempts") + 1)
        waiting.filter(attempts__gte=MAX_ATTEMPTS).update(
            status=AlertStatus.FAILED,
            processed_at=timezone.now(),
            problem={"code": "processing_failed", "detail": f"{type(error).__name__}: {error}"[:500]},
        )


def _claim(alerts: QuerySet[Alert], most: int) -> list[Alert]:
    """Lock waiting alerts that no other worker holds, until the end of the transaction.

    The lock is the one that leaves foreign keys to the row alone, so the intake can log repeats meanwhile.
    """
    return list(
        alerts.filter(status=AlertStatus.RECEIVED)
        .select_related("source__workspace")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))[:most]
    )


def _make_signals(alerts: list[Alert]) -> None:
    now = timezone.now()
    signals: list[Signal] = []
    for alert in alerts:
        try:
            content = read_alert(
                bytes(alert.body),
                received_at=alert.received_at,
                template=compile_template(alert.source.template),
            )
        except AlertRefused as error:  # accepted by an older version of the rules
            Alert.objects.filter(pk=alert.pk).update(
                status=AlertStatus.REJECTED, problem=error.problem(), processed_at=now
            )
            continue
        signals.append(_signal(alert, content))
    Signal.objects.bulk_create(signals)
    steps = [(SignalStatus.RECEIVED, None), (SignalStatus.VALIDATED, now)]
    SignalStep.objects.bulk_create(
        SignalStep(signal=signal, status=status, at=at or signal.received_at)
        for signal in signals
        for status, at in steps
    )
    Alert.objects.filter(pk__in=[signal.alert_id for signal in signals]).update(
        status=AlertStatus.PROCESSED, processed_at=now
    )
    events: dict[Workspace, list[dict[str, Any]]] = defaultdict(list)
    for signal in signals:
        record(
            actor=None,
            workspace=signal.workspace,
            action="signals.signal.received",
            target=signal,
            changes={"action": signal.action, "symbol": signal.symbol, "alert": str(signal.alert.uuid)},
        )
        events[signal.workspace].append(_event(signal))
    for workspace, items in events.items():
        push_on_commit(live_group(workspace.pk), {"kind": "signal", "signals": items})


def live_group(workspace_id: int) -> str:
    """The Channels group of everyone who watches a workspace's feed."""
    return f"workspace.{workspace_id}.signals"


def _signal(alert: Alert, content: AlertContent) -> Signal:
    return Signal(
        workspace=alert.source.workspace,
        source=alert.source,
        alert=alert,
        symbol=content.symbol,
        exchange=content.exchange,
        timeframe=content.timeframe,
        action=content.action,
        price=content.price,
        bar_time=content.bar_time,
        emitted_at=content.emitted_at,
        received_at=alert.received_at,
        strategy=content.strategy,
        seq=content.seq,
        payload=content.payload,
        is_test=alert.is_test,
    )


def _event(signal: Signal) -> dict[str, Any]:
    """What a feed needs to show a line or to know that it should look again."""
    return {
        "id": str(signal.uuid),
        "source": str(signal.source.uuid),
        "symbol": signal.symbol,
        "exchange": signal.exchange,
        "timeframe": signal.timeframe,
        "action": signal.action,
        "price": None if signal.price is None else str(signal.price),
        "received_at": signal.received_at.isoformat(),
        "is_test": signal.is_test,
    }
