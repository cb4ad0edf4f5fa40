"""Providers as processes of their own, so that they can be killed: `python -m tests.signals.alarms.providers KIND PORT LOG SEED`.

`hooks` receives webhooks, `mail` is an SMTP server. Each refuses, is slow, or hangs up at random. What it took stands in LOG
before it answers: a provider that is killed in between has taken the message, and nobody was told.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Lock

from aiosmtpd.controller import Controller

from tests.notifications.loopback import Answer, Loopback, Request

MOST_FAULTS = 2  # of one message: the table of retries ends, the test's bad luck must not
NOBODY = "nobody@"  # an address that does not exist


class Fate:
    """Decides what becomes of an attempt. A provider that starts again goes on where it was."""

    def __init__(self, log: Path, seed: int) -> None:
        self.random = random.Random(seed + time.monotonic_ns())
        self.lock = Lock()
        self.faults = Counter(line.split("\t")[1] for line in lines(log) if line.startswith("fault"))
        self.log = log.open("ab", buffering=0)

    def decide(self, key: str, says: str) -> str:
        """taken, refused, silent (not taken, no answer) or lost (taken, no answer)."""
        with self.lock:
            what = self.random.choices(["taken", "refused", "silent", "lost"], [70, 15, 5, 10])[0]
            if what != "taken":
                self.faults[key] += 1
                if self.faults[key] > MOST_FAULTS:
                    what = "taken"
                else:
                    self.log.write(f"fault\t{key}\n".encode())
            if what in ("taken", "lost"):
                self.log.write(f"taken\t{key}\t{says}\n".encode())
            return what

    def delay_s(self) -> float:
        return self.random.choice([0, 0, 0, 0.02, 0.1, 0.4])


class Hooks(Fate):
    def answer(self, request: Request) -> Answer:
        what = self.decide(request.headers["webhook-id"], f"{request.path} {request.json['data']['symbol']}")
        if what in ("silent", "lost"):
            return Answer(hang_up=True, delay_s=self.delay_s())
        return Answer(200 if what == "taken" else self.random.choice([500, 503, 429]), delay_s=self.delay_s())


class Mail(Fate):
    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        if address.startswith(NOBODY):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        text = envelope.content.decode()
        key = text.partition("Message-ID: ")[2].partition("\r\n")[0]
        subject = text.partition("Subject: ")[2].partition("\r\n")[0]
        what = self.decide(key, f"{envelope.rcpt_tos[0]} {subject}")
        if what in ("silent", "lost"):
            server.transport.close()
        return "250 taken" if what in ("taken", "lost") else "451 come back later"


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def taken(*logs: Path) -> dict[str, set[str]]:
    """What the providers took: for each thing said to somebody, the keys under which it came."""
    found: dict[str, set[str]] = {}
    for log in logs:
        for line in lines(log):
            what, key, *said = line.split("\t")
            if what == "taken":
                found.setdefault(said[0], set()).add(key)
    return found


def main(kind: str, port: str, log: str, seed: str) -> None:
    """Serve until standard input ends: with the test, however that ends."""
    if kind == "hooks":
        with Loopback(Hooks(Path(log), int(seed)).answer, port=int(port)):
            sys.stdin.read()
        return
    controller = Controller(Mail(Path(log), int(seed)), hostname="127.0.0.1", port=int(port))
    controller.start()
    sys.stdin.read()
    controller.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
