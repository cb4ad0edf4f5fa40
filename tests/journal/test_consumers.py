"""Every consumer acts on every entry once, whatever fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from apps.journal.errors import UnknownConsumer
from apps.journal.models import Entry, Retry
from apps.journal.services import begin_consumers, consumer, lag, record, replay, retry_parked, run_consumers
from apps.journal.services.consuming import MOST_ATTEMPTS
from tests.journal.conftest import everything


def happened(*actions: str) -> list[int]:
    return [record(actor=None, workspace=None, action=action).pk for action in actions]


def run() -> int:
    return run_consumers(up_to=everything())


def make_due() -> None:
    """As if the pause before the next try were over."""
    Retry.objects.update(due_at=timezone.now())


def test_consumer_acts_on_what_it_wants_once_in_order(reader):
    seen: list[int] = []
    reader("test.reader", lambda entry: seen.append(entry.pk), "core.thing.*")
    first, _, third = happened("core.thing.made", "core.other.made", "core.thing.gone")
    run()
    run()
    assert seen == [first, third]
    (fourth,) = happened("core.thing.made")
    run()
    assert seen == [first, third, fourth]


def test_failure_is_kept_and_holds_nobody_up(reader):
    seen: list[str] = []

    def fails_once(entry: Entry) -> None:
        if entry.action == "core.thing.bad" and not Retry.objects.filter(consumer="test.weak").exists():
            raise RuntimeError("the mail server is away")
        seen.append(entry.action)

    others: list[str] = []
    reader("test.weak", fails_once)
    reader("test.well", lambda entry: others.append(entry.action))
    happened("core.thing.bad", "core.thing.good")
    before = timezone.now()
    run()
    after = timezone.now()
    assert seen == ["core.thing.good"]
    assert others == ["core.thing.bad", "core.thing.good"]
    kept = Retry.objects.get()
    assert (kept.consumer, kept.attempts, kept.error) == (
        "test.weak",
        1,
        "RuntimeError: the mail server is away",
    )
    assert before <= kept.due_at - timedelta(seconds=5) <= after
    run()
    assert seen == ["core.thing.good"], "the pause is kept"
    make_due()
    run()
    assert seen == ["core.thing.good", "core.thing.bad"]
    assert not Retry.objects.exists()


def test_failed_handler_leaves_nothing_behind(reader):
    def half(entry: Entry) -> None:
        Retry.objects.create(consumer="somebody else", entry=entry, due_at=timezone.now())
        raise RuntimeError

    reader("test.half", half)
    happened("core.thing.made")
    run()
    assert list(Retry.objects.values_list("consumer", flat=True)) == ["test.half"]


def test_entry_that_always_fails_is_parked_and_can_be_tried_again(reader):
    tries: list[int] = []
    broken = True

    def handle(entry: Entry) -> None:
        tries.append(entry.pk)
        if broken:
            raise ValueError("no")

    reader("test.broken", handle)
    (entry,) = happened("core.thing.made")
    run()
    for _ in range(MOST_ATTEMPTS + 3):
        make_due()
        run()
    assert len(tries) == MOST_ATTEMPTS
    assert [row["parked"] for row in lag() if row["consumer"] == "test.broken"] == [1]
    broken = False
    assert retry_parked(consumer="test.broken", entry_id=entry) == 1
    run()
    assert len(tries) == MOST_ATTEMPTS + 1
    assert not Retry.objects.exists()


def test_replay_acts_once_more_on_what_was_passed(reader):
    seen: list[int] = []
    reader("test.again", lambda entry: seen.append(entry.pk), "core.thing.*")
    start = timezone.now()
    ids = happened("core.thing.made", "core.thing.gone")
    run()
    waiting = happened("core.thing.made")  # not passed yet: it comes by itself
    assert replay("test.again", since=start) == 2
    assert replay("test.again", since=start) == 0, "asked for twice before it ran"
    run()
    run()
    assert sorted(seen) == sorted([*ids, *ids, *waiting])
    assert replay("test.again", since=start, until=start) == 0


def test_unknown_consumer_is_named_with_those_that_exist(reader):
    reader("test.one", lambda entry: None)
    with pytest.raises(UnknownConsumer, match=r"no consumer 'test.two'.*test\.one"):
        replay("test.two", since=timezone.now())


def test_two_consumers_of_one_name_are_refused(reader):
    reader("test.one", lambda entry: None)
    with pytest.raises(ImproperlyConfigured, match=r"'test\.one'"):
        consumer("test.one", actions=("*",))(lambda entry: None)


def test_more_than_a_batch_is_read_in_one_run(reader):
    seen: list[int] = []
    reader("test.many", lambda entry: seen.append(entry.pk), "core.thing.made")
    begin_consumers()
    ids = happened(*["core.thing.made"] * 250)
    assert run() >= 250
    assert seen == ids


def test_consumer_that_wants_to_know_soon_is_woken_at_commit(reader, django_capture_on_commit_callbacks):
    reader("test.soon", lambda entry: None, "core.thing.*", soon=True)
    reader("test.later", lambda entry: None, "core.other.*")
    with django_capture_on_commit_callbacks() as callbacks:
        happened("core.other.made")
    assert callbacks == []
    with django_capture_on_commit_callbacks() as callbacks:
        happened("core.thing.made")
    assert [callback.args[0] for callback in callbacks] == ["journal.run_consumers"]
