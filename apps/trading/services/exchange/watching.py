"""User data streams: one connection to every account's exchange, whose news is taken as it comes.

A stream is a bell. What it tells is looked up before it is stored, and what it misses is found by the polls, so that a
broken line or two processes doing this cost nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from apps.trading.brokers.base import BrokerError, OrderReport
from apps.trading.brokers.pool import Keys, open_broker
from apps.trading.choices import KeyPurpose
from apps.trading.models import AccountSync, TradingAccount
from apps.trading.services.exchange.foreign import take_report
from apps.trading.services.exchange.key_uses import count_use
from apps.trading.services.exchange.speaking import keys_of
from apps.trading.services.exchange.sweeping import accounts_at_exchanges

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 5.0
LONGEST_PAUSE_S = 30.0


async def watch_accounts(stop: asyncio.Event) -> None:
    """Keep a stream open for every connected account until told to stop. New keys get a new stream."""
    streams: dict[str, asyncio.Task[None]] = {}
    while not stop.is_set():
        wanted = {keys.mark: keys for keys in await sync_to_async(_wanted)()}
        for mark in set(streams) - set(wanted):
            streams.pop(mark).cancel()
        for mark, keys in wanted.items():
            if mark not in streams or streams[mark].done():
                streams[mark] = asyncio.create_task(_follow(keys))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_AGAIN_S)
    for task in streams.values():
        task.cancel()
    await asyncio.gather(*streams.values(), return_exceptions=True)


async def _follow(keys: Keys) -> None:
    pause_s = 1.0
    while True:
        broker = open_broker(keys)
        try:
            await broker.get_ready()
            await sync_to_async(_stands)(keys)
            async for report in broker.watch():
                pause_s = 1.0
                await sync_to_async(_take)(keys.account_id, report)
        except BrokerError as error:
            log.warning("exchange_stream_broken", account=keys.account_id, error=error.words)
        finally:
            await broker.close()
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _wanted() -> list[Keys]:
    close_old_connections()
    found = []
    for account in TradingAccount.objects.filter(pk__in=accounts_at_exchanges()).order_by("pk"):
        try:
            found.append(keys_of(account))
        except BrokerError as error:
            log.warning("exchange_keys_unreadable", account=account.pk, error=error.words)
    return found


def _stands(keys: Keys) -> None:
    close_old_connections()
    count_use(keys, KeyPurpose.STREAM)
    AccountSync.objects.filter(account_id=keys.account_id).update(stream_at=timezone.now())


def _take(account_id: int, report: OrderReport) -> None:
    close_old_connections()
    account = TradingAccount.objects.filter(pk=account_id).select_related("workspace").first()
    if account is None:
        return
    try:
        take_report(account, report)
    except BrokerError as error:  # the polls find it
        log.warning("exchange_report_not_looked_up", account=account_id, error=error.words)
    AccountSync.objects.filter(account_id=account_id).update(stream_at=timezone.now())
