"""What a newcomer finds on the demo's signal pages: every step of it came about as in earnest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.markets.models import Instrument
from apps.notifications.services import send_due
from apps.pages.demo_signals import SYMBOL, fill_signals, hours_until
from apps.signals.models import Alert, Firing, Signal, SignalChain
from apps.signals.selectors.performance import PerformanceFilter, total_of
from apps.signals.selectors.why import why_fired
from apps.signals.services import own_source, settle_firings, verify_chain


@pytest.mark.parametrize(
    "now", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, 59, 59, tzinfo=UTC)]
)
def test_the_hours_end_with_the_last_one_that_closed(now):
    bars = hours_until(now)
    closed = datetime.fromtimestamp(int(bars.time[-1]) / 1000 + 3600, UTC)
    assert timedelta(0) <= now - closed < timedelta(hours=1)


def test_pages_show_something_real(web, user, workspace):
    own_source(workspace.pk)  # the demo's bots are there before
    fill_signals(workspace, user, slug="demo")
    send_due(linger_s=0)
    settle_firings()

    signals = Signal.objects.order_by("received_at", "id")
    first, last = signals.first(), signals.last()
    assert Alert.objects.count() == signals.count() > 40
    assert last.received_at - first.received_at > timedelta(days=20)
    assert last.received_at <= datetime.now(UTC)
    assert set(signals.values_list("action", flat=True)) == {"buy", "sell"}
    assert Instrument.objects.filter(symbol=SYMBOL, workspace=workspace).count() == 1

    told = Firing.objects.exclude(state__in=("off_hours", "cooling"))
    assert told.filter(alarm__name="Every turn").count() == 4
    assert set(told.values_list("state", flat=True)) <= {"delivered", "dry_run"}
    assert set(told.values_list("signal__status", flat=True)) == {"delivered"}
    fared = total_of(workspace, PerformanceFilter(horizon_s=14_400))
    assert fared.count >= 30
    assert fared.share is not None
    found = why_fired(last)
    assert found is not None
    assert (found.missing, found.agrees) == ("", True)
    assert verify_chain(SignalChain.objects.get(workspace=workspace)).faults == []

    for path in ("", "alarms/", "performance/", "record/", "ut-bot/", "sources/", f"{last.uuid}/"):
        assert web.get(f"/signals/{path}").status_code == 200
    assert SYMBOL in web.get("/signals/").content.decode()
    assert Client().get("/verify/demo/").status_code == 200
    assert "Buy DEMO:DEMOUSD" in web.get("/inbox/").content.decode()


def test_a_second_time_changes_nothing(user, workspace):
    fill_signals(workspace, user, slug="demo")
    before = Signal.objects.count(), Firing.objects.count()
    fill_signals(workspace, user, slug="demo")
    assert (Signal.objects.count(), Firing.objects.count()) == before
