"""Each signal reaches each subscriber once and is paid once, whoever dies on the way."""

from __future__ import annotations

import io
import itertools
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
from pathlib import Path

import httpx
import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db.models import Sum
from django.utils import timezone

from apps.accounts.models import Membership, User, Workspace
from apps.billing.models import CreditBucket
from apps.notifications.models import Attempt, Delivery, Notice
from apps.notifications.services import add_webhook, send_due
from apps.signals.models import Alarm, Alert, Firing, Signal
from apps.signals.services import create_source, match_signals, process_alerts, settle_firings
from tests.factories import UserFactory
from tests.signals.alarms.conftest import give, store_alert
from tests.signals.alarms.providers import NOBODY, taken
from tests.signals.conftest import address_of_database, free_port

DELIVERIES = 5  # of each alert by its sender


BY_ID = [{"symbol": "BTCUSDT", "action": "buy", "id": "order 7", "price": 45_000 + n} for n in range(5)]
BY_BAR = {"symbol": "BTCUSDT", "action": "buy", "bar_time": 1763640000, "strategy": "UT"}
BY_CONTENT = [dict(random.sample(list(BY_BAR.items()), 4)) for _ in range(5)]


@pytest.mark.parametrize("bodies", [BY_ID, BY_CONTENT], ids=["explicit id", "source, body and bar time"])
def test_five_deliveries_in_any_order_have_one_effect(
    bodies, credits, user, workspace, source, alarm, provider
):
    """Each job that makes something of them runs again and again in between, as after a crash."""
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    alarm(channels=["webhook"])
    jobs = [process_alerts, match_signals, lambda: send_due(linger_s=0), settle_firings] * 5
    for body in random.sample(bodies, 5):
        store_alert(source, json.dumps(body, indent=random.choice([None, 2])).encode())
        random.shuffle(jobs)
        for job in jobs:
            job()
    for job in (process_alerts, match_signals, lambda: send_due(linger_s=0), settle_firings):
        job()
    assert Signal.objects.count() == Firing.objects.count() == len(provider.requests) == 1
    bucket = CreditBucket.objects.get(workspace_id=workspace.pk)
    assert (bucket.available, bucket.held, bucket.spent) == (99, 0, 1)


def test_another_bar_is_another_alert(credits, source, alarm):
    alarm(channels=["inbox"])
    for minute in range(3):
        store_alert(source, json.dumps(BY_BAR | {"bar_time": BY_BAR["bar_time"] + 60 * minute}).encode())
    process_alerts()
    match_signals()
    assert Signal.objects.count() == Firing.objects.count() == 3


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
    """Three of them, each running the whole path's jobs in an order of its own."""

    def __init__(self, **environment: str) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.signals.alarms.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"DATABASE_URL": address_of_database(), "LOG_LEVEL": "ERROR"} | environment,
            text=True,
        )
        self.alive: list[int] = []
        self.dead: list[int] = []

    def begin(self) -> None:
        self.alive = [self.fork() for _ in range(3)]

    def fork(self) -> int:
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.write("\n")
        self.parent.stdin.flush()
        return int(self.parent.stdout.readline())

    def kill_one(self) -> None:
        worker = self.alive.pop(0)
        os.kill(worker, signal.SIGKILL)
        self.dead.append(worker)
        self.alive.append(self.fork())

    def release(self) -> None:
        """The leases of the dead run out at once, instead of in a minute and a half; also of what the database gave to
        one after its end, by a statement that was under way."""
        dead = Delivery.objects.filter(status="sending", worker__regex=f":({'|'.join(map(str, self.dead))}):")
        dead.filter(lease_until__gt=timezone.now()).update(lease_until=timezone.now())

    def stop(self) -> None:
        for worker in self.alive:
            os.kill(worker, signal.SIGKILL)
        self.parent.kill()
        self.parent.wait()


class Provider:
    """A process that receives webhooks or mail, always at one address."""

    def __init__(self, kind: str, log: Path, seed: int) -> None:
        self.log, self.port = log, free_port()
        self.arguments = [kind, str(self.port), str(log), str(seed)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.signals.alarms.providers", *self.arguments],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def kill_one(self) -> None:
        """It is down for as long as a process takes to start."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Intake:
    """Where the alerts are posted to; their sender posts again what was not answered."""

    def __init__(self, log: Path, token: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hooks/tradingview/{token}/"
        self.log = log.open("wb")
        self.client = httpx.Client(timeout=10)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "apps.signals.intake:application"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--no-access-log"),
            ],
            env=os.environ | {"DATABASE_URL": address_of_database()},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def kill_one(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def post(self, body: bytes) -> bool:
        """Whether it was taken. Now and then the sender hangs up before it has the answer, and does not know."""
        try:
            if random.random() < 0.02:
                httpx.post(self.url, content=body, timeout=0.002)
            return self.client.post(self.url, content=body).status_code == 202
        except httpx.TransportError:
            return False


def body_of(number: int) -> bytes:
    """One of the forms in which a sender may post the alert of this number: half of them have an id."""
    said = {"symbol": f"S{number}", "action": "buy", "timeframe": "60", "strategy": "Chaos"}
    if number % 2:
        said |= {"id": f"order {number}", "try": random.random()}
    else:
        said |= {"bar_time": 1_763_640_000 + 60 * number}
    shuffled = dict(random.sample(list(said.items()), len(said)))
    return json.dumps(shuffled, indent=random.choice([None, 1])).encode()


@pytest.fixture
def providers(transactional_db: None, tmp_path: Path) -> Iterator[dict[str, Provider]]:
    seed = random.randrange(10**6)
    print("seed", seed)
    kinds = {"hooks": "hooks", "mail": "mail", "fallback": "mail"}
    running = {name: Provider(kind, tmp_path / f"{name}.log", seed) for name, kind in kinds.items()}
    yield running
    for provider in running.values():
        provider.stop()


def subscribe(workspace: Workspace, people: int, url: str) -> list[User]:
    """Members with an alarm each by webhook; the first and every fifth also by e-mail. The last mailbox does not exist."""
    persons = [*UserFactory.create_batch(people - 1), UserFactory(email=f"{NOBODY}example.com")]
    for number, person in enumerate(persons, start=1):
        Membership.objects.create(workspace=workspace, user=person, role="viewer")
        add_webhook(person, url=f"{url}/{person.pk}", actor=person)
        by = ["webhook", "email"] if number == 1 or number % 5 == 0 else ["webhook"]
        Alarm.objects.create(workspace=workspace, person=person, name="A", channels=by)
    Alarm.objects.update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    return persons


def chaos(
    providers: dict[str, Provider],
    user: User,
    workspace: Workspace,
    tmp_path: Path,
    *,
    signals: int,
    people: int,
    kill_every: int,
    within_s: float,
) -> None:
    """Every alert is posted five times, in any order, while something is killed at every `kill_every`th delivery."""
    token = create_source(workspace, name="Chaos", actor=user)[1]
    intake = Intake(tmp_path / "intake.txt", token)
    workers = Workers(
        NOTIFICATIONS_LIVE="true",
        NOTIFICATIONS_PRIVATE_NETWORKS="127.0.0.0/8",
        EMAIL_URL=f"smtp://127.0.0.1:{providers['mail'].port}",
        EMAIL_FALLBACK_URL=f"smtp://127.0.0.1:{providers['fallback'].port}",
    )
    mailboxes = people // 5  # that exist
    expected, mails_expected = signals * people, signals * mailboxes
    give(workspace, expected + mails_expected + signals + 5)
    subscribe(workspace, people, f"http://127.0.0.1:{providers['hooks'].port}")
    workers.begin()
    parts = {"workers": workers, "intake": intake, **providers}
    turns = itertools.cycle(
        ["workers", "hooks", "workers", "mail", "workers", "intake", "workers", "fallback"]
    )
    killed: Counter[str] = Counter()
    posts = [number for number in range(signals) for _ in range(DELIVERIES)]
    random.shuffle(posts)
    began = time.monotonic()
    posted = 0
    # So many have ended at each: early enough that all of them come before the last delivery, however few looks a slow
    # machine has time for.
    ends = 2 * expected + mails_expected
    kills = sorted(random.sample(range(1, ends * 2 // 3), ends // kill_every))
    try:
        while posts or Signal.objects.filter(status="delivered").count() < signals:
            for number in [posts.pop() for _ in range(min(len(posts), 20))]:
                if intake.post(body_of(number)):
                    posted += 1
                else:
                    posts.insert(random.randrange(len(posts) + 1), number)
            assert time.monotonic() < began + within_s, (
                Counter(Signal.objects.values_list("status", flat=True)),
                Counter(Firing.objects.values_list("state", flat=True)),
                Counter(Delivery.objects.values_list("channel", "status")),
            )
            soon = timezone.now() + timedelta(seconds=1)  # instead of in minutes, or hours
            _patiently(
                lambda at=soon: Delivery.objects.filter(status="waiting", send_after__gt=at).update(
                    send_after=at
                )
            )
            ended = Delivery.objects.exclude(ended_at=None).count()
            if kills and ended >= kills[0]:
                del kills[0]
                name = next(turns)
                parts[name].kill_one()
                killed[name] += 1
            _patiently(workers.release)
            time.sleep(0.02)
    finally:
        workers.stop()
        intake.stop()
    settle_firings()
    took = time.monotonic() - began

    assert killed.keys() == parts.keys(), "each of them died"
    assert (posted, Alert.objects.count(), Signal.objects.count()) == (DELIVERIES * signals, signals, signals)
    states = Counter(Firing.objects.values_list("state", flat=True))
    assert states == {"delivered": expected - signals, "partly": signals}, "lost: 0"
    assert Notice.objects.filter(event="signals.alarm.fired").count() == expected
    hooks, mails = taken(providers["hooks"].log), taken(providers["mail"].log, providers["fallback"].log)
    assert (len(hooks), len(mails)) == (expected, mails_expected), "lost: 0"
    assert {len(keys) for said in (hooks, mails) for keys in said.values()} == {1}, "duplicated: 0"
    spent = expected + mails_expected
    bucket = CreditBucket.objects.get(workspace_id=workspace.pk, source="purchased")
    assert (bucket.available, bucket.held, bucket.spent) == (signals + 5, 0, spent), "credits: exact"
    assert Firing.objects.aggregate(Sum("spent"))["spent__sum"] == spent
    call_command("credits", "verify", stdout=io.StringIO())
    ways = {"webhooks": expected, "mails": mails_expected}
    print(
        f"{signals} signals × {people} alarms in {took:.0f} s, killed {dict(killed)}, {ways}, attempts"
        f" {Attempt.objects.count()}: {dict(Counter(Attempt.objects.values_list('outcome', flat=True)))}"
    )


def _patiently(change) -> None:
    """Workers write the same rows: of two that wait for each other the database refuses one."""
    try:
        change()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "40P01":
            raise


@pytest.mark.django_db(transaction=True)
def test_killed_workers_intakes_and_providers_lose_and_repeat_nothing(providers, user, workspace, tmp_path):
    chaos(providers, user, workspace, tmp_path, signals=30, people=5, kill_every=25, within_s=300)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_a_thousand_signals_with_twenty_alarms(providers, user, workspace, tmp_path):
    chaos(providers, user, workspace, tmp_path, signals=1000, people=20, kill_every=400, within_s=3600)
