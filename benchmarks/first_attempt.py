"""From an alert's POST to the first attempt to deliver it, on an idle installation.

Web process and worker run as in the Procfile, without the clock. Each alert comes alone; the receiver is a webhook on
loopback, and the time is from sending the POST until the webhook is there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

ALERTS = 100
PAUSE_S = 0.5
WARM = 5


@contextmanager
def worker(environment: Mapping[str, str]) -> Iterator[None]:
    """A worker as the Procfile starts it, without the clock that would find what a message did not tell."""
    queues = "default,signals,notifications,bots,trading,research,billing"
    arguments = ["--quiet", "-A", "config", "worker", "--queues", queues, "--concurrency", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", *arguments], env={**os.environ, **environment}
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def measure_first_attempts(environment: Mapping[str, str], alerts: int = ALERTS) -> list[float]:
    """Seconds of each. Needs a migrated database of its own (`benchmarks.servers`)."""
    import httpx

    from apps.accounts.models import User
    from apps.accounts.services import ensure_personal_workspace
    from apps.billing.choices import BucketSource
    from apps.billing.services.credits import grant_credits
    from apps.notifications.services import add_webhook
    from apps.signals.services import create_alarm, create_source
    from benchmarks.servers import server
    from benchmarks.sink import sink

    user = User.objects.create_user("idle@bench.example")
    workspace = ensure_personal_workspace(user)
    grant_credits(workspace, 10**6, key="bench", source=BucketSource.PURCHASED, actor=None)
    source, token = create_source(workspace, name="Bench", actor=user)
    create_alarm(workspace, {"name": "Bench", "source": source, "channels": ["webhook"]}, person=user)
    sent: dict[str, float] = {}
    with sink() as receiver, server("config.asgi:application", environment) as url, worker(environment):
        add_webhook(user, url=f"{receiver.url}/hook", actor=user)
        with httpx.Client(timeout=10) as client:

            def post(name: str) -> None:
                body = {"symbol": name, "action": "buy", "price": 45000.5, "id": name}
                sent[name] = time.monotonic()
                answer = client.post(f"{url}/hooks/tradingview/{token}/", json=body)
                answer.raise_for_status()

            post("FIRST")
            deadline = time.monotonic() + 90
            while not receiver.taken():  # the worker is still starting
                if time.monotonic() > deadline:
                    raise RuntimeError("the first alert was not delivered within 90 s")
                time.sleep(0.5)
            for number in range(WARM + alerts):
                post(f"N{number}")
                time.sleep(PAUSE_S)
            time.sleep(3)
            arrived = {name: at for at, name in receiver.taken()}
    wanted = [f"N{number}" for number in range(WARM, WARM + alerts)]
    missing = [name for name in wanted if name not in arrived]
    if missing:
        raise RuntimeError(f"{len(missing)} of {alerts} alerts were not delivered")
    return [arrived[name] - sent[name] for name in wanted]


def measure() -> None:
    """Print the median and the 99th percentile. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import heading
    from benchmarks.servers import databases, scratch_database

    heading("From an alert's POST to the first attempt to deliver it, idle")
    with databases() as environment:
        os.environ.update(environment)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        os.environ |= {"NOTIFICATIONS_LIVE": "true", "NOTIFICATIONS_PRIVATE_NETWORKS": "127.0.0.0/8"}
        os.environ["LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        with scratch_database() as database_url:
            took = measure_first_attempts(environment | {"DATABASE_URL": database_url})
    median, p99 = (float(np.percentile(took, percent)) * 1e3 for percent in (50, 99))
    print(
        f"{len(took)} alerts, one at a time: median {median:.0f} ms, p99 {p99:.0f} ms, longest {1e3 * max(took):.0f} ms"
    )


if __name__ == "__main__":
    measure()
