"""Webhooks: signed as Stripe signs them, repeated until somebody answers 2xx, and as disorderly as one likes."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition, Thread

import httpx

from deploy.sandbox.stripe.world import Object

REPEATS_S = (1, 2, 5, 15, 60, 300, 900, 3600, 3600, 3600)


def sign(event: Object, secret: str, moment: int | None = None) -> tuple[bytes, dict[str, str]]:
    """Body and headers of one webhook: HMAC-SHA256 over "TIME.BODY"."""
    body = json.dumps(event, separators=(",", ":")).encode()
    moment = int(time.time()) if moment is None else moment
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Stripe-Signature": f"t={moment},v1={digest}",
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (sandbox)",
    }
    return body, headers


@dataclass
class Chaos:
    """How badly webhooks are delivered."""

    shuffle: bool = False  # those that are due together leave in a random order
    double: bool = False  # each is sent twice, the second time later
    delay_s: tuple[float, float] = (0.0, 0.0)
    drop: float = 0.0  # part whose first delivery is lost on the way; the repeat comes
    seed: int | None = None
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)


@dataclass(order=True)
class Parcel:
    due: float
    place: float
    event: Object = field(compare=False)
    attempt: int = field(compare=False, default=0)


class Deliverer:
    """Sends events to one address from threads of its own, once it is told one; until then they wait in `waiting`."""

    def __init__(self, threads: int = 8) -> None:
        self.url = ""
        self.secret = ""
        self.chaos = Chaos()
        self.waiting: list[Object] = []
        self.refused: list[tuple[str, int]] = []  # event id and status (0: no answer), for tests
        self.repeats_s: tuple[float, ...] = REPEATS_S
        self._heap: list[Parcel] = []
        self._turn = itertools.count()
        self._under_way = 0
        self._changed = Condition()
        self._threads = threads
        self._thread: Thread | None = None
        self._stopped = False

    def listen(self, url: str, secret: str) -> None:
        """Deliver from now on, what has waited too."""
        with self._changed:
            self.url, self.secret = url, secret
            waiting, self.waiting = self.waiting, []
            if self._thread is None:
                self._thread = Thread(target=self._run, name="stripe-webhooks", daemon=True)
                self._thread.start()
        for event in waiting:
            self.put(event)

    def put(self, event: Object) -> None:
        with self._changed:
            if not self.url:
                self.waiting.append(event)
                return
            chaos, now = self.chaos, time.monotonic()
            for copy in range(2 if chaos.double else 1):
                delay = chaos.random.uniform(*chaos.delay_s) + copy * chaos.random.uniform(0, 1)
                place = chaos.random.random() if chaos.shuffle else float(next(self._turn))
                heapq.heappush(self._heap, Parcel(now + delay, place, event))
            self._changed.notify_all()

    def take(self) -> list[Object]:
        """Events that wait for an address, which are then the caller's to deliver."""
        with self._changed:
            waiting, self.waiting = self.waiting, []
        return waiting

    def wait_until_quiet(self, timeout: float = 60.0) -> bool:
        """Until nothing is due or under way; False when the time was over first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._heap and not self._under_way, timeout)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(timeout=10)

    def forget(self) -> None:
        with self._changed:
            self.url, self.secret, self.chaos = "", "", Chaos()
            self.waiting, self.refused = [], []
            self._heap.clear()
            self.repeats_s = REPEATS_S
            self._changed.notify_all()

    def _run(self) -> None:
        with httpx.Client(timeout=20) as client, ThreadPoolExecutor(self._threads) as pool:
            while True:
                with self._changed:
                    while not self._stopped and not (self._heap and self._heap[0].due <= time.monotonic()):
                        pause = self._heap[0].due - time.monotonic() if self._heap else None
                        self._changed.wait(pause)
                    if self._stopped:
                        return
                    parcel = heapq.heappop(self._heap)
                    self._under_way += 1
                    url, secret = self.url, self.secret
                pool.submit(self._send, client, parcel, url, secret)

    def _send(self, client: httpx.Client, parcel: Parcel, url: str, secret: str) -> None:
        status = 0
        lost = parcel.attempt == 0 and self.chaos.random.random() < self.chaos.drop
        try:
            if url and not lost:
                body, headers = sign(parcel.event, secret)
                status = client.post(url, content=body, headers=headers).status_code
        except httpx.HTTPError:
            pass
        finally:
            with self._changed:
                self._under_way -= 1
                if not 200 <= status < 300:
                    self.refused.append((parcel.event["id"], status))
                    if parcel.attempt < len(self.repeats_s) and self.url:
                        parcel.due = time.monotonic() + self.repeats_s[parcel.attempt]
                        parcel.attempt += 1
                        heapq.heappush(self._heap, parcel)
                self._changed.notify_all()
