"""Reading stored alerts anew: a mended template or rule makes signals of what was refused, each once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.core.jobs import enqueue_on_commit
from apps.core.words import gettext_lazy
from apps.journal.services import record
from apps.signals.choices import AlertStatus, ReplayState
from apps.signals.errors import AlertRefused
from apps.signals.models import Alert, AlertSource, Replay
from apps.signals.rules import REPEAT_WINDOW, DedupeKey, dedupe_key, read_alert
from apps.signals.statements import DELIVERY_ID
from apps.signals.text_templates import compile_template

log = structlog.get_logger(__name__)

AT_ONCE = 20  # more are a job's work
BATCH = 50
UNIQUE_KEY = "signals_alert_dedupe"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay did. `code` is queued, refused, repeat, has_signal, waiting or gone; `detail` says it in words."""

    code: str
    detail: str


HAS_SIGNAL = Outcome(
    "has_signal", gettext_lazy("This alert has become a signal. It never becomes a second one.")
)
WAITING = Outcome("waiting", gettext_lazy("This alert is waiting for its turn; there is nothing to replay."))
GONE = Outcome(
    "gone",
    gettext_lazy("The text of this alert was removed when its time was over, so it cannot be read anew."),
)
QUEUED = Outcome("queued", gettext_lazy("The alert can be read now, and is on its way to being a signal."))
REPEAT = Outcome("repeat", gettext_lazy("The same alert came again and was read then; it counts once."))


@transaction.atomic
def replay_alert(alert: Alert, *, actor: User) -> Outcome:
    """Read a refused or failed alert by the source's present template and the present rules."""
    locked = Alert.objects.select_for_update(of=("self",)).select_related("source").get(pk=alert.pk)
    outcome = _replay(locked)
    if outcome.code in ("queued", "refused", "repeat"):
        record(
            actor=actor,
            workspace=locked.source.workspace,
            action="signals.alert.replayed",
            target=locked.source,
            changes={"alert": str(locked.uuid), "outcome": outcome.code},
        )
    if outcome is QUEUED:
        enqueue_on_commit("signals.sweep_alerts")
    return outcome


@transaction.atomic
def start_replay(source: AlertSource, *, since: datetime, actor: User) -> Replay:
    """Replay every alert of the source that stands for review and came since then: a few at once, many as a job.

    Raises `Conflict` while another one of the source runs.
    """
    AlertSource.objects.select_for_update().get(pk=source.pk)
    if Replay.objects.filter(source=source, state=ReplayState.RUNNING).exists():
        raise Conflict(gettext("A replay of this source is running. Wait until it has ended."))
    waiting = _for_review(source, since)
    newest = waiting.order_by("-id").values_list("pk", flat=True).first()
    replay = Replay.objects.create(
        source=source, actor=actor, since=since, up_to=newest or 0, total=waiting.count()
    )
    record(
        actor=actor,
        workspace=source.workspace,
        action="signals.source.replayed",
        target=source,
        changes={"since": since.isoformat(), "alerts": replay.total},
    )
    if replay.total <= AT_ONCE:
        _step(replay)
        _end(replay)
    else:
        enqueue_on_commit("signals.run_replay", replay_id=replay.pk)
    return replay


def run_replay(replay_id: int, *, run_s: float) -> None:
    """Go on with a replay until so many seconds are over, a short transaction a batch. Killed, it is taken up where it
    was; a batch is done in any case."""
    stop_at = time.monotonic() + run_s
    while True:
        with transaction.atomic():
            replay = (
                Replay.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(pk=replay_id, state=ReplayState.RUNNING)
                .select_related("source")
                .first()
            )
            if replay is None:  # ended, or in other hands
                return
            if not _step(replay):
                _end(replay)
                return
        if time.monotonic() >= stop_at:
            enqueue_on_commit("signals.run_replay", replay_id=replay_id)
            return


def resume_replays() -> int:
    """Queue what runs: a job may have been lost. Returns how many."""
    running = list(Replay.objects.filter(state=ReplayState.RUNNING).values_list("pk", flat=True)[:20])
    for replay_id in running:
        enqueue_on_commit("signals.run_replay", replay_id=replay_id)
    return len(running)


def _for_review(source: AlertSource, since: datetime) -> QuerySet[Alert]:
    return Alert.objects.filter(source=source, status=AlertStatus.REJECTED, received_at__gte=since)


def _step(replay: Replay) -> int:
    """One batch, in the order in which they came. Returns how many."""
    alerts = list(
        _for_review(replay.source, replay.since)
        .filter(pk__gt=replay.position, pk__lte=replay.up_to)
        .select_related("source")
        .select_for_update(of=("self",))
        .order_by("pk")[:BATCH]
    )
    for alert in alerts:
        code = _replay(alert).code
        replay.queued += code == "queued"
        replay.repeats += code == "repeat"
        replay.refused += code not in ("queued", "repeat")
    if alerts:
        replay.position = alerts[-1].pk
        replay.save(update_fields=["queued", "repeats", "refused", "position", "updated_at"])
        enqueue_on_commit("signals.sweep_alerts")
    return len(alerts)


def _end(replay: Replay) -> None:
    replay.state, replay.ended_at = ReplayState.DONE, timezone.now()
    # what was taken away or replayed one by one meanwhile is not waited for
    replay.total = replay.queued + replay.refused + replay.repeats
    replay.save(update_fields=["state", "ended_at", "total", "updated_at"])


def _replay(alert: Alert) -> Outcome:
    """The caller holds the alert's row."""
    if alert.status == AlertStatus.PROCESSED:
        return HAS_SIGNAL
    if alert.status == AlertStatus.RECEIVED:
        return WAITING
    body = bytes(alert.body)
    if not body:
        return GONE
    if alert.status == AlertStatus.FAILED:  # it has its key: only the attempts begin again
        _queue(alert, alert.dedupe_key)
        return QUEUED
    try:
        content = read_alert(
            body, received_at=alert.received_at, template=compile_template(alert.source.template)
        )
    except AlertRefused as error:
        alert.problem = error.problem()
        alert.save(update_fields=["problem"])
        return Outcome("refused", gettext("It still cannot be read. {message}").format(message=error.message))
    delivery_id = alert.headers.get(DELIVERY_ID, "")
    key = dedupe_key(content, received_at=alert.received_at, delivery_id=delivery_id)
    later = dedupe_key(content, received_at=alert.received_at + REPEAT_WINDOW, delivery_id=delivery_id)
    if not _is_repeat(alert, key, later):
        try:
            with transaction.atomic():
                _queue(alert, key.key)
            return QUEUED
        except IntegrityError as error:
            if UNIQUE_KEY not in str(error):
                raise
            # else the same alert is coming in at this moment
    alert.problem = {"title": gettext("Read already"), "code": "repeat", "detail": str(REPEAT.detail)}
    alert.save(update_fields=["problem"])
    return REPEAT


def _queue(alert: Alert, key: str) -> None:
    Alert.objects.filter(pk=alert.pk).update(
        dedupe_key=key, status=AlertStatus.RECEIVED, problem=None, attempts=0, processed_at=None
    )


def _is_repeat(alert: Alert, key: DedupeKey, later: DedupeKey) -> bool:
    """Whether the alert was stored under its own key, or within a minute under that of the minute before or after."""
    same = Alert.objects.filter(source_id=alert.source_id).exclude(pk=alert.pk)
    if same.filter(dedupe_key=key.key).exists():
        return True
    if not key.previous:
        return False
    near = same.filter(
        received_at__gt=alert.received_at - REPEAT_WINDOW, received_at__lt=alert.received_at + REPEAT_WINDOW
    )
    return near.filter(dedupe_key__in=[key.previous, later.key]).exists()
