"""How far a run is, in numbers a person can plan by."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.backtests.models import Backtest
from apps.backtests.services import submit_backtest


@pytest.mark.parametrize(
    ("done", "ago", "percent", "left"),
    [
        (0, 5, 0, ""),
        (100, 60, 25, "3 min"),
        (380, 30 * 19, 95, "30 s"),
        (400, 8, 100, "0 s"),
    ],
)
def test_rate_and_time_left(workspace, question, user, done, ago, percent, left):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    backtest.work_done = done
    before = timezone.now()
    backtest.started_at = before - timedelta(seconds=ago)
    assert backtest.percent == percent
    rate, took = backtest.per_second, timezone.now() - before
    assert done / (ago + took.total_seconds()) <= rate <= done / ago
    assert backtest.time_left == left


def test_the_page_of_a_running_backtest_says_them(web, workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    before = timezone.now()
    Backtest.objects.filter(pk=backtest.pk).update(
        status="running", work_done=100, started_at=before - timedelta(seconds=10)
    )
    page = web.get(reverse("backtests:backtest-status", args=[backtest.uuid])).content.decode()
    told = re.search(r"100 of 400 bars · \d+ a second · about (\d+) s left", page)
    assert told
    assert 30 <= int(told[1]) <= 30 + 3 * (timezone.now() - before).total_seconds() + 1
