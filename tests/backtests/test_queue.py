"""Who is served first, who holds what, and what ends a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from apps.backtests.choices import Status
from apps.backtests.models import Backtest
from apps.backtests.services import cancel_backtest, submit_backtest, work_next
from apps.backtests.services.jobs import Progress, claim, claim_next
from apps.billing.models import MeterUsage
from apps.journal.models import Entry
from tests.factories import UserFactory, workspace_of


def _asked(workspace, question, user, minutes_ago: float = 0.0) -> Backtest:
    """A run asked for so many minutes ago."""
    backtest, _ = submit_backtest(workspace, question, actor=user)
    backtest.queue_key -= timedelta(minutes=minutes_ago)
    backtest.save(update_fields=["queue_key"])
    return backtest


@pytest.mark.parametrize(
    ("pro_waited", "first"),
    [(4, "enterprise"), (6, "pro")],  # a plan is worth five minutes of waiting, and nobody waits for ever
)
def test_a_higher_plan_goes_first_unless_the_other_waited_longer(
    workspace, question, user, pro_waited, first
):
    boss = UserFactory()
    theirs = workspace_of(boss, "enterprise")
    mine = _asked(workspace, question, user, pro_waited)
    other = _asked(theirs, question, boss)
    taken = claim_next((Backtest,))
    assert taken.pk == (other if first == "enterprise" else mine).pk


def test_those_of_one_plan_go_in_the_order_of_asking(workspace, question, user):
    asked = [_asked(workspace, replace(question, cash=1_000.0 + n), user) for n in range(3)]
    assert [claim_next((Backtest,)).pk for _ in range(3)] == [each.pk for each in asked]
    assert claim_next((Backtest,)) is None


def test_a_message_that_comes_late_takes_what_is_there(workspace, question, user):
    _asked(workspace, question, user)
    assert work_next().kind == "backtest"
    assert work_next() is None


def test_each_job_leads_back_to_the_request_that_asked_for_it(workspace, question, user):
    """Whatever message wakes the worker; and nothing of the request stays in the row."""
    asked = []
    for n in range(2):
        with bound_contextvars(request_id=f"request-{n}", ip=f"203.0.113.{n}", device="Firefox 132"):
            asked.append(_asked(workspace, replace(question, cash=1_000.0 + n), user))
    with bound_contextvars(request_id="of another", ip="198.51.100.9"):
        while work_next():
            pass
    for n, backtest in enumerate(asked):
        entry = Entry.objects.get(action="backtests.backtest.finished", target_uuid=backtest.uuid)
        assert (entry.request_id, entry.ip, entry.device) == (f"request-{n}", f"203.0.113.{n}", "Firefox 132")
        backtest.refresh_from_db()
        assert backtest.origin == {}


def test_a_running_job_that_is_cancelled_ends_at_once_and_its_result_is_dropped(workspace, question, user):
    backtest = _asked(workspace, question, user)
    held = claim(Backtest, backtest.pk, "a-task")
    with Progress(held) as progress:
        assert not progress.should_cancel()
        cancel_backtest(backtest, actor=user)
        backtest.refresh_from_db()
        assert backtest.status == Status.CANCELLED
        assert backtest.finished_at is not None
        assert MeterUsage.objects.get(workspace=workspace).reserved == 0
        progress.told -= 1
        assert progress.should_cancel()


def test_a_worker_that_lost_its_job_to_another_hears_of_it(workspace, question, user):
    backtest = _asked(workspace, question, user)
    slow = claim(Backtest, backtest.pk)
    Backtest.objects.filter(pk=backtest.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claim(Backtest, backtest.pk).attempts == 2
    with Progress(slow) as progress:
        progress.told -= 1
        assert progress.should_cancel()
