"""What waits, and what staff do about it, on real Redis and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from celery import Celery
from django.conf import settings
from django.contrib.messages import get_messages
from django.utils import timezone

from apps.backtests.choices import Status
from apps.backtests.models import Backtest
from apps.backtests.services import submit_backtest, work_next
from apps.billing.models import MeterUsage
from apps.billing.services.meters import release
from apps.journal.models import Entry
from apps.pages.staff.queues import lengths
from config.celery import QUEUES, app


@pytest.fixture
def waiting(workspace, question, user) -> Backtest:
    run, _ = submit_backtest(workspace, question, actor=user)
    return run


@pytest.fixture
def failed(waiting) -> Backtest:
    """As a worker leaves it behind; its quota came back."""
    Backtest.objects.filter(pk=waiting.pk).update(
        status=Status.FAILED, error="it broke", finished_at=waiting.created_at
    )
    release(waiting.meter_key)
    waiting.refresh_from_db()
    return waiting


@pytest.fixture
def broker() -> Iterator[Celery]:
    """The same queues in a Redis database of this process alone: elsewhere other tests' messages come and go."""
    number = 12 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = Celery(broker=f"{settings.REDIS_URL.rsplit('/', 1)[0]}/{number}", set_as_current=False)
    own.conf.task_queues = app.conf.task_queues
    with own.connection_for_write() as connection:
        connection.default_channel.client.flushdb()
    yield own
    own.close()


def test_messages_that_wait_are_counted_by_queue(broker):
    assert {one.name for one in lengths()} == set(QUEUES)
    with broker.connection_for_write() as connection:
        connection.SimpleQueue("billing").put({"not": "a job"})
    assert {one.name: one.waiting for one in lengths(broker)} == dict.fromkeys(QUEUES, 0) | {"billing": 1}


def test_the_oldest_message_says_since_when_it_waits(broker):
    began = timezone.now()
    broker.send_task("accounts.send_mail", kwargs={"mail_id": 0}, queue="billing")
    between = timezone.now()
    broker.send_task("accounts.send_mail", kwargs={"mail_id": 0}, queue="billing")
    found = {one.name: one for one in lengths(broker)}
    assert found["billing"].waiting == 2
    assert began <= found["billing"].since <= between
    assert found["default"].since is None


def test_what_waits_stands_there_with_its_state(staff, waiting):
    context = staff.get("/admin/queues/").context
    row = next(one for one in context["counts"] if one["kind"] == "Backtest")
    assert row["queued"] == 1
    assert row["oldest"] == waiting.queue_key
    [job] = context["jobs"]
    assert (job["name"], job["status"], job["deed"]) == (waiting.formula_name, "queued", "Cancel")
    assert len(context["queues"]) == len(QUEUES)
    assert context["workers"] == []


def test_cancelling_asks_first_and_is_in_the_journal(staff, waiting):
    address = f"/admin/queues/cancel/backtest/{waiting.pk}/"
    assert "its quota comes back" in staff.get(address).content.decode()
    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED
    assert staff.post(address).headers["Location"] == "/admin/queues/"
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED
    entry = Entry.objects.get(action="backtests.backtest.cancelled")
    assert entry.actor_id is not None
    assert "Nothing can be done" in staff.get(address).content.decode()


def test_a_failed_run_is_done_again_free_of_charge(staff, failed):
    assert staff.post(f"/admin/queues/retry/backtest/{failed.pk}/").status_code == 302
    failed.refresh_from_db()
    assert (failed.status, failed.error, failed.attempts) == (Status.QUEUED, "", 0)
    assert Entry.objects.filter(action="backtests.backtest.retried").count() == 1
    assert work_next() is not None
    failed.refresh_from_db()
    assert failed.status == Status.DONE
    assert MeterUsage.objects.get(meter="backtests").used == 0


def test_a_question_asked_again_meanwhile_is_not_done_twice(staff, failed, workspace, question, user):
    again, is_new = submit_backtest(workspace, question, actor=user)
    assert is_new
    answer = staff.post(f"/admin/queues/retry/backtest/{failed.pk}/")
    assert "nothing was done" in str(next(iter(get_messages(answer.wsgi_request))))
    failed.refresh_from_db()
    assert failed.status == Status.FAILED
    assert again.pk != failed.pk


def test_who_may_only_look_changes_nothing(helper, waiting):
    html = helper.get("/admin/queues/").content.decode()
    assert waiting.formula_name in html
    assert "Cancel …" not in html
    assert helper.post(f"/admin/queues/cancel/backtest/{waiting.pk}/").status_code == 403
    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED


def test_what_is_no_deed_is_not_found(staff, waiting):
    assert staff.get(f"/admin/queues/delete/backtest/{waiting.pk}/").status_code == 404
    assert staff.get(f"/admin/queues/cancel/user/{waiting.pk}/").status_code == 404
    assert staff.get("/admin/queues/cancel/backtest/0/").status_code == 404
