"""Running the consumers: at-least-once reading, exactly-once effect."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.journal.errors import UnknownConsumer
from apps.journal.models import Cursor, Entry, Retry
from apps.journal.services.registry import Consumer, consumers
from apps.journal.services.settling import settled_after, settled_horizon, wanted

log = structlog.get_logger(__name__)

BATCH = 100
BATCH_S = 5.0  # a transaction that stays open holds back everybody's settled entries
RUN_S = 30.0
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=5)  # then four times as long each time: eight tries take some eight hours
LAST_ID = 2**63 - 1


def begin_consumers() -> None:
    """Give every new consumer its place: it acts on what is recorded from now on. Runs after each migration."""
    known = set(Cursor.objects.values_list("consumer", flat=True))
    missing = [reader.name for reader in consumers() if reader.name not in known]
    if missing:
        horizon = settled_horizon()
        now = timezone.now()
        Cursor.objects.bulk_create(
            [Cursor(consumer=name, xid=horizon, entry_id=LAST_ID, moved_at=now) for name in missing],
            ignore_conflicts=True,
        )


def run_consumers(*, up_to: int | None = None, names: Iterable[str] | None = None) -> int:
    """Let every consumer act on the settled entries (or those up to a transaction) it has not seen; returns how many.

    One that another worker runs at this moment is left to it. None is held up by another's failures.
    """
    begin_consumers()
    readers = [reader for reader in consumers() if names is None or reader.name in names]
    done = 0
    for reader in readers:
        stop_at = time.monotonic() + RUN_S / len(readers)  # a busy one leaves time for the others
        more = True
        while more and time.monotonic() < stop_at:
            handled, more = _run_batch(reader, settled_horizon() if up_to is None else up_to, up_to is None)
            done += handled
        done += _run_retries(reader, stop_at)
    return done


@transaction.atomic
def _run_batch(reader: Consumer, horizon: int, is_settled: bool) -> tuple[int, bool]:
    """Act on the next entries and move the cursor, in one transaction; how many, and whether there may be more."""
    cursor = Cursor.objects.select_for_update(skip_locked=True).filter(consumer=reader.name).first()
    if cursor is None:
        return 0, False
    stop_at = time.monotonic() + BATCH_S
    ahead = settled_after(cursor.xid, cursor.entry_id, horizon)
    batch = list(ahead.filter(wanted(reader.actions)).prefetch_related("parts")[:BATCH])
    handled = 0
    for entry in batch:
        error = _act(reader, entry)
        if error:
            _fail(Retry(consumer=reader.name, entry=entry), error)
        handled += 1
        if time.monotonic() > stop_at:
            break
    more = handled == BATCH or handled < len(batch)
    if batch and (more or not is_settled):
        cursor.xid, cursor.entry_id = batch[handled - 1].xid, batch[handled - 1].pk
    elif is_settled and ahead.exists():  # past those that it does not want, too
        cursor.xid, cursor.entry_id = horizon, LAST_ID
    else:
        return 0, False
    cursor.moved_at = timezone.now()
    cursor.save(update_fields=["xid", "entry_id", "moved_at"])
    return handled, more


def _run_retries(reader: Consumer, stop_at: float) -> int:
    """Act on what failed before or is replayed and is due, each in its own transaction."""
    done = 0
    while time.monotonic() < stop_at:
        with transaction.atomic():
            # the cursor's lock keeps two workers from running one consumer
            if not Cursor.objects.select_for_update(skip_locked=True).filter(consumer=reader.name).exists():
                break
            due = (
                Retry.objects.filter(consumer=reader.name, parked_at=None, due_at__lte=timezone.now())
                .order_by("due_at", "id")
                .prefetch_related("entry__parts")
                .first()
            )
            if due is None:
                break
            error = _act(reader, due.entry)
            if error:
                _fail(due, error)
            else:
                due.delete()
            done += 1
    return done


def _act(reader: Consumer, entry: Entry) -> str:
    """Run the handler; its error in words, empty when there was none. A failed one leaves nothing behind."""
    try:
        with transaction.atomic():
            reader.handle(entry)
    except Exception as error:
        log.exception("journal_consumer_failed", consumer=reader.name, entry=entry.pk, action=entry.action)
        return f"{type(error).__name__}: {error}"
    return ""


def _fail(retry: Retry, error: str) -> None:
    """Keep the entry for another try, or park it after the last."""
    retry.attempts += 1
    retry.error = error.replace("\x00", "")[:2000]
    retry.due_at = timezone.now() + FIRST_PAUSE * 4 ** (retry.attempts - 1)
    if retry.attempts >= MOST_ATTEMPTS:
        retry.parked_at = timezone.now()
        log.error("journal_entry_parked", consumer=retry.consumer, entry=retry.entry_id, error=retry.error)
    retry.save()


def retry_parked(*, consumer: str | None = None, entry_id: int | None = None) -> int:
    """Try parked and waiting entries again at once, with all their attempts; how many there are."""
    waiting = Retry.objects.all()
    if consumer is not None:
        waiting = waiting.filter(consumer=_known(consumer).name)
    if entry_id is not None:
        waiting = waiting.filter(entry_id=entry_id)
    return waiting.update(parked_at=None, attempts=0, due_at=timezone.now())


@transaction.atomic
def replay(consumer: str, *, since: datetime, until: datetime | None = None) -> int:
    """Let a consumer act again on every entry recorded in the span that it has passed; how many there are.

    Each acts once more, also if this is called twice before it is done. Raises UnknownConsumer.
    """
    reader = _known(consumer)
    begin_consumers()
    place = Cursor.objects.select_for_update().get(consumer=reader.name)
    passed = Entry.objects.filter(wanted(reader.actions), recorded_at__gte=since).extra(
        where=["(xid, id) <= (%s, %s)"], params=[place.xid, place.entry_id]
    )
    if until is not None:
        passed = passed.filter(recorded_at__lt=until)
    before = Retry.objects.filter(consumer=reader.name).count()
    now = timezone.now()
    for start in _chunks(passed.order_by("xid", "id").values_list("pk", flat=True)):
        Retry.objects.bulk_create(
            [Retry(consumer=reader.name, entry_id=pk, due_at=now) for pk in start], ignore_conflicts=True
        )
    return Retry.objects.filter(consumer=reader.name).count() - before


def lag() -> list[dict[str, object]]:
    """How far each consumer is behind: entries it has yet to see, the oldest of them, retries and parked ones."""
    begin_consumers()
    places = {place.consumer: place for place in Cursor.objects.all()}
    rows: list[dict[str, object]] = []
    for reader in consumers():
        place = places[reader.name]
        ahead = settled_after(place.xid, place.entry_id, LAST_ID).filter(wanted(reader.actions))
        oldest = ahead.first()
        waiting = Retry.objects.filter(consumer=reader.name)
        rows.append(
            {
                "consumer": reader.name,
                "actions": list(reader.actions),
                "behind": len(ahead.values_list("pk")[:10_000]),  # more than that is told as "10,000 or more"
                "oldest": oldest.recorded_at if oldest else None,
                "retries": waiting.filter(parked_at=None).count(),
                "parked": waiting.exclude(parked_at=None).count(),
                "moved_at": place.moved_at,
            }
        )
    return rows


def oldest_writer() -> timedelta | None:
    """How long the oldest open transaction that writes has been open: nothing younger than it is settled."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now() - min(xact_start) FROM pg_stat_activity"
            " WHERE backend_xid IS NOT NULL AND datname = current_database()"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _known(name: str) -> Consumer:
    for reader in consumers():
        if reader.name == name:
            return reader
    names = ", ".join(reader.name for reader in consumers()) or "none is declared"
    raise UnknownConsumer(
        gettext("There is no consumer {name!r} of the journal; there are: {names}.").format(
            name=name, names=names
        )
    )


def _chunks(ids: Iterable[int], size: int = 2000) -> Iterable[list[int]]:
    chunk: list[int] = []
    for pk in ids:
        chunk.append(pk)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
