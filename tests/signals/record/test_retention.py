"""How long signals are kept by plan, and that the record stays whole when they go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.accounts.services.privacy import purge
from apps.billing.models import Plan
from apps.signals.models import Alarm, Alert, AlertSource, Firing, Signal, SignalChain, SignalStep
from apps.signals.services import create_alarm, create_source, process_alerts, seal_signals, verify_chain
from tests.factories import UserFactory, workspace_of
from tests.signals.test_processing import store


def aged(source: AlertSource, *days: int) -> list[Signal]:
    """Signals received so many days ago, each with a firing."""
    alarm = Alarm.objects.filter(workspace=source.workspace).first() or create_alarm(
        source.workspace, {"name": "Mine"}, person=source.workspace.owner
    )
    made = []
    for age in days:
        moment = timezone.now() - timedelta(days=age)
        alert = store(source, id=f"{source.pk} {age}")
        process_alerts()
        Alert.objects.filter(pk=alert.pk).update(received_at=moment)
        signal = Signal.objects.get(alert=alert)
        Signal.objects.filter(pk=signal.pk).update(received_at=moment)
        Firing.objects.create(
            alarm=alarm,
            signal=signal,
            key=f"{signal.uuid}",
            state="delivered",
            fired_at=moment,
            ended_at=moment,
        )
        made.append(signal)
    return made


@pytest.fixture
def sources(user: User) -> tuple[AlertSource, AlertSource]:
    """Of a free workspace, and of one on the pro plan."""
    free, pro = workspace_of(user, "free"), workspace_of(UserFactory(), "pro")
    return tuple(create_source(one, name="S", actor=one.owner)[0] for one in (free, pro))  # type: ignore[return-value]


def ages(source: AlertSource) -> list[int]:
    now = timezone.now()
    return sorted((now - moment).days for moment in source.signals.values_list("received_at", flat=True))


def test_each_plan_keeps_its_days(sources: tuple[AlertSource, AlertSource]):
    free, pro = sources
    for source in sources:
        aged(source, 5, 20, 40, 200, 400)
    seal_signals()
    gone = {one.period.kept.kind: one.rows for one in purge(dry_run=True)}
    assert gone["signals.signals"] == 3 + 1
    purge()
    assert ages(free) == [5, 20]
    assert ages(pro) == [5, 20, 40, 200]
    assert Firing.objects.filter(signal__source=free).count() == 2
    assert SignalStep.objects.filter(signal__source=free).count() == 4
    kept = Alert.objects.filter(source=free).exclude(body=b"")
    assert kept.count() == 1  # of 5 days; the raw text goes after 7
    assert Alert.objects.filter(source=free).count() == 5  # their keys stay: a repeat is still known as one
    assert Alert.objects.filter(source=pro).exclude(body=b"").count() == 3
    assert sum(one.rows for one in purge()) == 0


def test_the_record_stays_whole_and_still_names_what_was_removed_by_hand(
    sources: tuple[AlertSource, AlertSource],
):
    free, _ = sources
    young, *_ = aged(free, 5, 20, 40, 60)
    seal_signals()
    purge()
    chain = SignalChain.objects.get(workspace=free.workspace)
    found = verify_chain(chain)
    assert (found.links, found.kept, found.dropped, found.faults) == (4, 2, 2, [])
    young.delete()
    chain.refresh_from_db()
    assert verify_chain(chain).faults == [f"signal {young.uuid} of link 1 was removed"]


def test_a_signal_goes_only_once_it_has_its_link(sources: tuple[AlertSource, AlertSource]):
    free, _ = sources
    aged(free, 40)
    purge()
    assert ages(free) == [40]
    seal_signals()
    purge()
    assert ages(free) == []


def test_a_repeat_of_a_purged_alert_is_still_a_repeat(sources: tuple[AlertSource, AlertSource]):
    free, _ = sources
    aged(free, 40)
    seal_signals()
    purge()
    with pytest.raises(Alert.DoesNotExist):
        store(free, id=f"{free.pk} 40")


def test_a_plan_without_a_number_sets_no_end(sources: tuple[AlertSource, AlertSource]):
    free, _ = sources
    Plan.objects.filter(code="free").update(signal_days=None, alert_days=None)
    aged(free, 400)
    seal_signals()
    purge()
    assert ages(free) == [400]


def test_the_feed_says_so(web: Client, workspace: Workspace):
    assert "kept for 365 days on the Pro plan" in web.get(reverse("signals:feed")).content.decode()


def test_a_workspace_can_be_deleted_with_its_chain(sources: tuple[AlertSource, AlertSource]):
    free, _ = sources
    aged(free, 5)
    seal_signals()
    workspace = free.workspace
    Workspace.objects.filter(pk=workspace.pk).delete()
    assert not SignalChain.objects.filter(workspace_id=workspace.pk).exists()
