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
    ("done", "ago", "percent", "rate", "left"),
    [
        (0, 5, 0, 0.0, ""),
        (100, 10, 25, 10.0, "30 s"),
        (100, 60, 25, 100 / 60, "3 min"),
        (400, 8, 100, 50.0, "0 s"),
    ],
)
def test_rate_and_time_left(workspace, question, user, done, ago, percent, rate, left):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    backtest.work_done = done
    backtest.started_at = timezone.now() - timedelta(seconds=ago)
    assert backtest.percent == percent
    assert backtest.per_second == pytest.approx(rate, rel=0.02)
    assert backtest.time_left == left


def test_the_page_of_a_running_backtest_says_them(web, workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    Backtest.objects.filter(pk=backtest.pk).update(
        status="running", work_done=100, started_at=timezone.now() - timedelta(seconds=10)
    )
    page = web.get(reverse("backtests:backtest-status", args=[backtest.uuid])).content.decode()
    assert re.search(r"100 of 400 bars · \d+ a second · about 3\d s left", page)
