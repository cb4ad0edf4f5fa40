"""Each signal reaches each subscriber once and is paid once, whoever dies on the way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.models import Membership, User, Workspace
from apps.billing.models import CreditBucket
from apps.billing.services.credits import verify_credits
from apps.notifications.models import Delivery, Notice
from apps.notifications.services import add_webhook, send_due
from apps.signals.models import Alarm, AlertSource, Firing, Signal
from apps.signals.services import create_source, match_signals, process_alerts, settle_firings
from tests.factories import UserFactory
from tests.notifications.loopback import Loopback
from tests.notifications.test_chaos import Endpoints, MailServer
from tests.signals.alarms.conftest import give, store_alert
from tests.signals.conftest import address_of_database, free_port


def test_five_runs_in_any_order_have_one_effect(credits, user, workspace, source, alarm, provider):
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    alarm(channels=["webhook"])
    body = b'{"symbol": "BTCUSDT", "action": "buy", "bar_time": 1763640000}'
    jobs = [process_alerts, match_signals, lambda: send_due(linger_s=0), settle_firings] * 5
    for _ in range(5):
        store_alert(source, body)
        random.shuffle(jobs)
        for job in jobs:
            job()
    for job in (process_alerts, match_signals, lambda: send_due(linger_s=0), settle_firings):
        job()
    assert Signal.objects.count() == Firing.objects.count() == len(provider.requests) == 1
    assert CreditBucket.objects.get(workspace_id=workspace.pk).spent == 1


def test_a_signal_that_is_taken_again_fires_nothing_again(credits, user, workspace, alarm, receive, provider):
    """As if the state of the signal had not been kept: every key is there already."""
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    alarm(channels=["webhook"])
    again = receive()
    Signal.objects.filter(pk=again.pk).update(status="validated")
    match_signals()
    send_due(linger_s=0)
    assert (Firing.objects.count(), len(provider.requests)) == (1, 1)
    assert CreditBucket.objects.get(workspace_id=workspace.pk).held == 1


class Workers:
    """Three of them, one of which is killed now and then."""

    def __init__(self, **environment: str) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.signals.alarms.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"DATABASE_URL": address_of_database(), "LOG_LEVEL": "CRITICAL"} | environment,
            text=True,
        )
        self.alive = [self.fork() for _ in range(3)]
        self.killed = 0

    def fork(self) -> int:
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.write("\n")
        self.parent.stdin.flush()
        return int(self.parent.stdout.readline())

    def kill_one(self) -> None:
        """And let its leases run out at once, instead of in a minute and a half."""
        worker = self.alive.pop(0)
        os.kill(worker, signal.SIGKILL)
        self.killed += 1
        Delivery.objects.filter(status="sending", worker__contains=f":{worker}:").update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        self.alive.append(self.fork())

    def stop(self) -> None:
        for worker in self.alive:
            os.kill(worker, signal.SIGKILL)
        self.parent.kill()
        self.parent.wait()


@pytest.fixture
def sinks(transactional_db: None) -> Iterator[tuple[Endpoints, MailServer, MailServer, dict[str, str], str]]:
    """A webhook receiver and two mail servers that refuse, fall silent or hang up at random."""
    seed = random.randrange(10**6)
    print("seed", seed)
    endpoints, main, fallback = Endpoints(seed), MailServer(seed + 1), MailServer(seed + 2)
    servers = [Controller(one, hostname="127.0.0.1", port=free_port()) for one in (main, fallback)]
    for server in servers:
        server.start()
    # an alert has no number of its own: what is told apart is the signal
    endpoints.answer = lambda request: Endpoints.answer(endpoints, _numbered(request))  # type: ignore[method-assign]
    with Loopback(endpoints.answer) as loopback:
        environment = {
            "NOTIFICATIONS_LIVE": "true",
            "NOTIFICATIONS_PRIVATE_NETWORKS": "127.0.0.0/8",
            "EMAIL_URL": f"smtp://127.0.0.1:{servers[0].port}",
            "EMAIL_FALLBACK_URL": f"smtp://127.0.0.1:{servers[1].port}",
        }
        yield endpoints, main, fallback, environment, loopback.url
    for server in servers:
        server.stop()


def _numbered(request):
    request.json["data"]["n"] = int(request.json["data"]["symbol"][1:])
    return request


def chaos(
    sinks, user: User, workspace: Workspace, *, signals: int, people: int, kill_every: int, within_s: float
):
    endpoints, main, fallback, environment, url = sinks
    source: AlertSource = create_source(workspace, name="Chaos", actor=user)[0]
    give(workspace, 2 * signals * people + 5)
    for person in UserFactory.create_batch(people):
        Membership.objects.create(workspace=workspace, user=person, role="viewer")
        add_webhook(person, url=f"{url}/{person.pk}", actor=person)
        Alarm.objects.create(
            workspace=workspace, person=person, name="A", source=source, channels=["webhook", "email"]
        )
    Alarm.objects.update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    workers = Workers(**environment)
    try:
        posts = [number for number in range(signals) for _ in range(5)]
        random.shuffle(posts)
        expected = signals * people
        stop_at = time.monotonic() + within_s
        kill_at = kill_every
        while True:
            for number in (posts.pop() for _ in range(min(len(posts), 5))):
                body = {"symbol": f"S{number}", "action": "buy", "id": f"{number}", "seq": number}
                store_alert(source, json.dumps(body).encode())
            assert time.monotonic() < stop_at, (
                Counter(Signal.objects.values_list("status", flat=True)),
                Counter(Firing.objects.values_list("state", flat=True)),
                Counter(Delivery.objects.values_list("channel", "status")),
            )
            Delivery.objects.filter(status="waiting", attempts__gt=0).update(send_after=timezone.now())
            ended = Delivery.objects.exclude(ended_at=None).count()
            if not posts and Signal.objects.filter(status__in=("delivered", "rejected")).count() == signals:
                break
            if ended >= kill_at:
                workers.kill_one()
                kill_at = ended + random.randint(1, 2 * kill_every)
            time.sleep(0.05)
    finally:
        workers.stop()
    settle_firings()

    assert workers.killed > 1
    assert Signal.objects.count() == signals
    assert Counter(Firing.objects.values_list("state", flat=True)) == {"delivered": expected}, "lost: 0"
    assert Notice.objects.filter(event="signals.alarm.fired").count() == expected
    assert len(endpoints.effects) == len(set(endpoints.effects.values())) == expected, "duplicated: 0"
    mails = main.effects.keys() | fallback.effects.keys()
    assert len(mails) == expected
    bucket = CreditBucket.objects.get(workspace_id=workspace.pk, source="purchased")
    assert (bucket.available, bucket.held, bucket.spent) == (5, 0, 2 * expected), "credits: exact"
    assert Firing.objects.aggregate(Sum("spent"))["spent__sum"] == 2 * expected
    assert verify_credits().faults == []


@pytest.mark.django_db(transaction=True)
def test_killed_workers_and_failing_providers_lose_and_repeat_nothing(sinks, user, workspace):
    chaos(sinks, user, workspace, signals=8, people=4, kill_every=10, within_s=90)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_a_thousand_signals_with_twenty_alarms(sinks, user, workspace):
    chaos(sinks, user, workspace, signals=1000, people=20, kill_every=400, within_s=3600)
