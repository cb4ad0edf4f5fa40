"""The long-running process that listens to the user data streams of all connected accounts."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from apps.trading.services.exchange.watching import watch_accounts


class Command(BaseCommand):
    help = "Listen to the user data streams of all accounts at exchanges. Two of these do no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await watch_accounts(stop)
