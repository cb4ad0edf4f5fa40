"""Deliveries a second of one worker to a webhook receiver on loopback, against a bare loop of the same HTTP client.

The worker claims, loads, renders, signs, sends, and writes what came of it, with its trace. The loop posts like bodies,
as many at once. Receiver and PostgreSQL share the machine with both.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from itertools import count

ENDPOINTS = 50
MESSAGES = 2_000
ROUNDS = 3
CLIENTS = 64  # what the webhook channel has under way at once


def measure_deliveries(url: str, messages: int = MESSAGES, rounds: int = ROUNDS) -> dict[str, float]:
    """Median seconds of sending so many messages: by `send_due`, and by the bare loop."""
    import httpx

    from apps.accounts.models import User
    from apps.notifications.choices import Mode
    from apps.notifications.models import Delivery, Preference
    from apps.notifications.services import NewNotice, add_webhook, queue_notices, send_due
    from benchmarks.measure import medians

    people = [User.objects.create_user(f"reader{n}@bench.example") for n in range(ENDPOINTS)]
    for person in people:
        add_webhook(person, url=f"{url}/hook", actor=person)
        Preference.objects.create(person=person, event="signals.alarm.fired", channel="inbox", mode=Mode.OFF)
    data = {
        "title": "buy BTCUSDT",
        "text": "",
        "facts": [["Price", "45000.5"], ["Timeframe", "1h"], ["Source", "Bench"]],
        "url": "/signals/0/",
        "symbol": "BTCUSDT",
        "action": "buy",
    }
    turn = count()

    def queue() -> float:
        number = next(turn)
        queue_notices(
            [
                NewNotice(
                    people[n % ENDPOINTS].pk,
                    "signals.alarm.fired",
                    f"bench:{number}:{n}",
                    data,
                    channels=("webhook",),
                )
                for n in range(messages)
            ]
        )
        return 0.0

    def worker() -> None:
        send_due(run_s=600, linger_s=0)

    body = json.dumps({"type": "signals.alarm.fired", "data": data}).encode()
    headers = {"content-type": "application/json", "webhook-signature": "v1," + "x" * 44}

    async def post_all() -> None:
        numbers = iter(range(messages))
        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with httpx.AsyncClient(limits=limits, trust_env=False) as client:

            async def post() -> None:
                for _ in numbers:
                    await client.post(f"{url}/hook", content=body, headers=headers)

            await asyncio.gather(*(post() for _ in range(CLIENTS)))

    def bare() -> None:
        asyncio.run(post_all())

    took = medians({"queue": queue, "send_due": worker, "bare loop": bare}, rounds)
    undone = Delivery.objects.exclude(status="delivered").count()
    if undone:
        raise RuntimeError(f"{undone} deliveries were not delivered")
    return took


def measure() -> None:
    """Print the rates. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import heading
    from benchmarks.servers import databases, scratch_database
    from benchmarks.sink import sink

    heading(f"{MESSAGES:,} webhooks to a receiver on loopback, one process")
    with databases() as environment, sink() as receiver:
        os.environ.update(environment)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        os.environ |= {"NOTIFICATIONS_LIVE": "true", "NOTIFICATIONS_PRIVATE_NETWORKS": "127.0.0.0/8"}
        os.environ["LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        began = time.monotonic()
        with scratch_database():
            took = measure_deliveries(receiver.url)
        received = sum(1 for at, _ in receiver.taken() if at >= began)
    print(f"{received:,} requests received")
    for name in ("send_due", "bare loop"):
        print(f"{name:22}  {MESSAGES / took[name]:7,.0f}/s")
    print(f"send_due takes {took['send_due'] / took['bare loop']:.2f} times as long as the bare loop")


if __name__ == "__main__":
    measure()
