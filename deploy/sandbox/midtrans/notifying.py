"""Notifications: posted as Midtrans does, in the order asked for, and again after answers that ask for it."""

from __future__ import annotations

import json
import random
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

# How often it is sent again after an answer of this status (docs: best practices to handle notifications).
AGAIN = {500: 1, 503: 4, 400: 2, 404: 2, 301: 0, 302: 0, 303: 0}
AGAIN_OTHERWISE = 5


@dataclass
class Chaos:
    """What goes wrong on the way: sent so often, left out by chance, and in any order while `held`."""

    copies: int = 1
    drop: float = 0.0
    held: bool = False
    seed: int = 1
    pauses_s: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8)  # Midtrans' own: 2 m, 10 m, 30 m, 1.5 h, 3.5 h


@dataclass
class Sent:
    url: str
    body: dict[str, Any]
    statuses: list[int] = field(default_factory=list)  # of each try; 0: no answer


class Notifier:
    """A thread that sends what is queued, one after the other. `log` is all that was sent."""

    def __init__(self) -> None:
        self.chaos = Chaos()
        self.log: list[Sent] = []
        self._waiting: list[Sent] = []
        self._at_work = 0
        self._ends = False
        self._changed = Condition()
        self._random = random.Random(1)
        self._thread = Thread(target=self._run, name="midtrans notifications", daemon=True)
        self._thread.start()

    def send(self, urls: list[str], body: dict[str, Any]) -> None:
        with self._changed:
            for url in urls:
                for _ in range(self.chaos.copies):
                    if self._random.random() >= self.chaos.drop:
                        self._waiting.append(Sent(url, body))
            self._changed.notify_all()

    def take(self) -> list[dict[str, Any]]:
        """What is held, for somebody who delivers it himself."""
        with self._changed:
            bodies = [one.body for one in self._waiting]
            self._waiting.clear()
            return bodies

    def release(self, seed: int) -> None:
        """Send what was held, in the order that this seed shuffles it into."""
        with self._changed:
            random.Random(seed).shuffle(self._waiting)
            self.chaos.held = False
            self._changed.notify_all()

    def settled(self, timeout_s: float = 10) -> bool:
        """Wait until nothing is queued any more; held ones do not count."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._at_work and (self.chaos.held or not self._waiting), timeout_s
            )

    def reset(self) -> None:
        with self._changed:
            self._waiting.clear()
            self.log.clear()
            self.chaos = Chaos()
            self._random = random.Random(self.chaos.seed)

    def close(self) -> None:
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ends or (self._waiting and not self.chaos.held))
                if self._ends:
                    return
                one = self._waiting.pop(0)
                self._at_work += 1
            self._deliver(one)
            with self._changed:
                self._at_work -= 1
                self.log.append(one)
                self._changed.notify_all()

    def _deliver(self, one: Sent) -> None:
        for pause in (0.0, *self.chaos.pauses_s):
            with self._changed:
                if pause and self._changed.wait_for(lambda: self._ends, pause):
                    return
            status = _post(one.url, one.body)
            one.statuses.append(status)
            if 200 <= status < 300 or len(one.statuses) > AGAIN.get(status, AGAIN_OTHERWISE):
                return


def _post(url: str, body: dict[str, Any]) -> int:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Veritrans"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310  the merchant's own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
