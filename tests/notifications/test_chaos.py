"""Workers are killed and providers fail at random: nothing is lost, nothing counts twice, order is kept.

A provider knows a message by its key (webhook-id, Message-ID), as the standards ask of it: what is counted is its effects.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from threading import Lock

import pytest
from aiosmtpd.controller import Controller
from django.db.models import Count, F
from django.utils import timezone

from apps.notifications.models import Attempt, Delivery, Notice
from apps.notifications.services import NewNotice, add_webhook, queue_notices
from tests.factories import UserFactory
from tests.notifications.loopback import Answer, Loopback, Request
from tests.signals.conftest import address_of_database, free_port

MOST_FAULTS = 3  # of one message at one provider: the table of retries ends, the test's bad luck must not


class Fate:
    """Decides what a provider does with an attempt, and keeps what it took: effects by key, in order."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.faults: Counter[str] = Counter()
        self.effects: dict[str, str] = {}  # key to what it says
        self.repeats = 0
        self.lock = Lock()

    def decide(self, key: str, says: str) -> str:
        """taken, refused, silent (not taken, no answer) or lost (taken, no answer)."""
        with self.lock:
            what = self.random.choices(["taken", "refused", "silent", "lost"], [60, 25, 5, 10])[0]
            if what != "taken":
                self.faults[key] += 1
                if self.faults[key] > MOST_FAULTS:
                    what = "taken"
            if what in ("taken", "lost"):
                self.repeats += key in self.effects
                self.effects.setdefault(key, says)
            return what


class Endpoints(Fate):
    def answer(self, request: Request) -> Answer:
        what = self.decide(request.headers["webhook-id"], f"{request.path} {request.json['data']['n']:04}")
        delay_s = self.random.choice([0, 0, 0.02, 0.1, 0.4])
        if what in ("silent", "lost"):
            return Answer(hang_up=True, delay_s=delay_s)
        return Answer(200 if what == "taken" else self.random.choice([500, 503, 429]), delay_s=delay_s)


class MailServer(Fate):
    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        text = envelope.content.decode()
        key = text.partition("Message-ID: ")[2].partition("\r\n")[0]
        says = text.partition("Subject: ")[2].partition("\r\n")[0]
        what = self.decide(key, f"{envelope.rcpt_tos[0]} {says}")
        if what in ("silent", "lost"):
            server.transport.close()
        return "250 taken" if what in ("taken", "lost") else "451 come back later"


class Workers:
    """Three of them, one of which is killed now and then."""

    def __init__(self, **environment: str) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.notifications.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"DATABASE_URL": address_of_database(), "LOG_LEVEL": "ERROR"} | environment,
            text=True,
        )
        self.alive = [self.fork() for _ in range(3)]
        self.dead: list[int] = []

    def fork(self) -> int:
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.write("\n")
        self.parent.stdin.flush()
        return int(self.parent.stdout.readline())

    def kill_one(self) -> bool:
        """One that is sending, if any is."""
        sending = Delivery.objects.filter(status="sending")
        for worker in self.alive:
            if sending.filter(worker__contains=f":{worker}:").exists():
                os.kill(worker, signal.SIGKILL)
                self.dead.append(worker)
                self.alive.remove(worker)
                self.alive.append(self.fork())
                return True
        return False

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


@pytest.fixture
def world(
    transactional_db: None, settings
) -> Iterator[tuple[Endpoints, MailServer, MailServer, Workers, str]]:
    seed = random.randrange(10**6)
    print("seed", seed)
    endpoints, main, fallback = Endpoints(seed), MailServer(seed + 1), MailServer(seed + 2)
    servers = [Controller(one, hostname="127.0.0.1", port=free_port()) for one in (main, fallback)]
    for server in servers:
        server.start()
    with Loopback(endpoints.answer) as loopback:
        workers = Workers(
            NOTIFICATIONS_LIVE="true",
            NOTIFICATIONS_PRIVATE_NETWORKS="127.0.0.0/8",
            EMAIL_URL=f"smtp://127.0.0.1:{servers[0].port}",
            EMAIL_FALLBACK_URL=f"smtp://127.0.0.1:{servers[1].port}",
        )
        yield endpoints, main, fallback, workers, loopback.url
        workers.stop()
    for server in servers:
        server.stop()


def chaos(world, *, people: int, notices: int, kill_every: int, within_s: float) -> None:
    endpoints, main, fallback, workers, url = world
    persons = UserFactory.create_batch(people)
    for number, person in enumerate(persons):
        add_webhook(person, url=f"{url}/{person.pk}", actor=person, options={"ordered": number % 2 == 0})
    new = [
        NewNotice(person.pk, "tests.bell.rung", f"{person.pk}:{n}", {"title": f"Bell {n:04}", "n": n})
        for n in range(notices)
        for person in persons
    ]
    queue_notices(new)
    stop_at = time.monotonic() + within_s
    kill_at = kill_every  # so many have ended: a slow machine kills as often as a fast one
    while (ended := Delivery.objects.exclude(ended_at=None).count()) < 3 * len(new):
        assert time.monotonic() < stop_at, Counter(Delivery.objects.values_list("channel", "status"))
        Delivery.objects.filter(status="waiting", attempts__gt=0).update(send_after=timezone.now())
        if ended >= kill_at and workers.kill_one():
            kill_at = ended + random.randint(1, 2 * kill_every)
        workers.release()
        time.sleep(0.05)

    expected = people * notices
    assert len(workers.dead) > 1
    assert Notice.objects.count() == expected
    ends = Counter(Delivery.objects.values_list("channel", "status"))
    assert ends == {(kind, "delivered"): expected for kind in ("inbox", "email", "webhook")}

    assert len(endpoints.effects) == expected, "each message counts once"
    assert len(set(endpoints.effects.values())) == expected, "under one key only"
    mails = Counter(main.effects.values()) + Counter(fallback.effects.values())
    keys = main.effects.keys() | fallback.effects.keys()
    assert len(keys) == len(mails) == expected, "no mail is missing, none has two Message-IDs"
    delivered = {
        f"<{uuid}@127.0.0.1>"
        for uuid in Delivery.objects.filter(channel="email").values_list("uuid", flat=True)
    }
    assert keys == delivered
    assert endpoints.repeats + main.repeats + fallback.repeats > 0, "there was something to recognise"

    order = defaultdict(list)
    for says in endpoints.effects.values():
        path, n = says.split()
        order[path].append(n)
    for person in persons[::2]:
        assert order[f"/{person.pk}"] == sorted(order[f"/{person.pk}"]), "ordered endpoints got them in order"

    trace = Delivery.objects.annotate(number=Count("trace"))
    assert not trace.exclude(number=F("attempts")).exists(), "every attempt is in the trace"
    assert not Attempt.objects.filter(ended_at=None).exists()
    assert Attempt.objects.filter(outcome="lost").exists()


@pytest.mark.django_db(transaction=True)
def test_killed_workers_and_failing_providers_lose_and_repeat_nothing(world):
    # most of the time goes into starting workers anew: the limit is for one that stands still
    chaos(world, people=6, notices=8, kill_every=12, within_s=240)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_the_same_for_long(world):
    chaos(world, people=50, notices=100, kill_every=300, within_s=900)
