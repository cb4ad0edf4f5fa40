"""Candles of any exchange that CCXT speaks to: missed ones by request, new ones by WebSocket or by request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from apps.engine.bars import Bars
from apps.markets.errors import FeedBroken, FeedInterrupted
from apps.markets.exchanges import load_markets, open_client
from apps.markets.models import Feed
from apps.markets.providers.base import Position

T = TypeVar("T")

PAGE = 1_000
CLOCK_LIVES_S = 600.0
# How long after its close a bar may take to come by itself, and between two questions for one that does not.
GRACE_S = 2.0
ASK_AGAIN_S = 5.0


class CcxtFeed:
    """Closed candles by the exchange's own clock.

    By WebSocket a candle counts as closed when the exchange has begun the very next one. Where none begins, or one is
    passed over, candles are asked for: what was last seen of one need not be its end. A line that breaks is taken up
    again by the runner, which fills the gap first.
    """

    def __init__(self, feed: Feed, *, ask_again_s: float = ASK_AGAIN_S) -> None:
        self._feed = feed
        self._market = str(feed.settings["symbol"])
        self._exchange = str(feed.settings["exchange"])
        self._length = feed.timeframe_ms
        self._ask_again_s = ask_again_s
        self._client: Any = None
        self._timeframe = ""
        self._skew_ms = 0.0
        self._clock_read_s = float("-inf")

    async def history(self, position: Position, *, before: int | None = None) -> AsyncIterator[Bars]:
        await self._open()
        after = position.last_time
        if after is None:
            whole = int(self._now_ms()) // self._length
            after = (whole - int(self._feed.settings["history"]) - 1) * self._length
        while before is None or after + self._length < before:
            asked = self._client.fetch_ohlcv(self._market, self._timeframe, since=after + 1, limit=PAGE)
            page = await self._answered(asked)
            now = self._now_ms()
            closed = [row for row in page if row[0] > after and row[0] + self._length <= now]
            bars = self._bars(row for row in closed if before is None or row[0] < before)
            if not len(bars):
                return
            yield bars
            after = int(bars.time[-1])
            if after + 2 * self._length > self._now_ms():
                return

    async def closed_bars(self, position: Position) -> AsyncIterator[Bars]:
        await self._open()
        streams = self._feed.settings["websocket"] and self._client.has.get("watchOHLCV")
        async for bars in self._streamed(position) if streams else self._polled(position):
            yield bars

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def _streamed(self, position: Position) -> AsyncIterator[Bars]:
        last, pause_s = position.last_time, 0.0
        update: asyncio.Task[Any] | None = None
        try:
            while True:
                if update is None:
                    update = asyncio.create_task(self._client.watch_ohlcv(self._market, self._timeframe))
                timeout = max(self._due_in_s(last) + GRACE_S, pause_s)
                await asyncio.wait({update}, timeout=timeout)
                is_silent = not update.done()
                if update.done():
                    done, update = update, None
                    await self._answered(done)
                candles = self._streamed_candles()
                newest = max(candles, default=0)
                closed = [at for at in sorted(candles) if at < newest and (last is None or at > last)]
                if closed == [newest - self._length]:
                    last, pause_s = closed[0], 0.0
                    yield self._bars([candles[last]])
                elif closed or is_silent:
                    pause_s = self._ask_again_s
                    async for bars in self.history(Position(0, last)):
                        last, pause_s = int(bars.time[-1]), 0.0
                        yield bars
        finally:
            if update is not None:
                update.cancel()

    def _streamed_candles(self) -> dict[int, Sequence[Any]]:
        """All that CCXT keeps of the stream: an answer leaves out what came while nobody waited for one."""
        kept = self._client.ohlcvs.get(self._market, {}).get(self._timeframe, [])
        return {int(row[0]): row for row in kept}

    async def _polled(self, position: Position) -> AsyncIterator[Bars]:
        last, pause_s = position.last_time, 0.0
        while True:
            await asyncio.sleep(max(self._due_in_s(last) + GRACE_S / 2, pause_s))
            pause_s = self._ask_again_s
            async for bars in self.history(Position(0, last)):
                last, pause_s = int(bars.time[-1]), 0.0
                yield bars

    async def _open(self) -> None:
        """The client, its markets, and how far the exchange's clock is from ours; known ones cost nothing."""
        if self._client is None:
            is_testnet = bool(self._feed.settings["is_testnet"])
            try:
                self._client = open_client(self._exchange, is_testnet=is_testnet)
            except AttributeError:
                raise FeedBroken(f"CCXT does not speak to {self._exchange}") from None
            await self._answered(load_markets(self._client))
            self._timeframe = self._name_of_timeframe()
            if self._market not in self._client.markets:
                raise FeedBroken(f"{self._exchange} has no market {self._market}")
        if time.monotonic() - self._clock_read_s > CLOCK_LIVES_S and self._client.has.get("fetchTime"):
            asked = time.time()
            theirs = await self._answered(self._client.fetch_time())
            self._skew_ms = int(theirs) - (asked + time.time()) / 2 * 1000
            self._clock_read_s = time.monotonic()

    def _name_of_timeframe(self) -> str:
        """The exchange's name for the feed's timeframe."""
        names = self._client.timeframes or {}
        for name in names:
            if self._client.parse_timeframe(name) * 1000 == self._length:
                return str(name)
        offered = ", ".join(names) or "none"
        raise FeedBroken(f"{self._exchange} has no candles of {self._feed.timeframe}; it offers {offered}")

    def _now_ms(self) -> float:
        return time.time() * 1000 + self._skew_ms

    def _due_in_s(self, last: int | None) -> float:
        """Seconds until the bar after `last` has closed; before the first, until the present one has."""
        now = self._now_ms()
        due = now // self._length * self._length if last is None else last + self._length
        return (due + self._length - now) / 1000

    def _bars(self, rows: Iterable[Sequence[Any]]) -> Bars:
        """Without candles that lack a price, or have an impossible one, as exchanges send where nobody traded."""
        whole = {
            int(row[0]): row for row in rows if None not in row[:5] and 0 < float(row[3]) <= float(row[2])
        }
        rows = [whole[at] for at in sorted(whole)]
        opened, high, low, close, volume = (
            np.array([float(row[place] or 0) for row in rows], dtype=np.float64) for place in range(1, 6)
        )
        return Bars(
            np.array(sorted(whole), dtype=np.int64),
            opened,
            high,
            low,
            close,
            volume,
            timeframe_ms=self._length,
            timezone=self._feed.instrument.timezone,
            symbol=self._feed.instrument.symbol,
        )

    async def _answered(self, asked: Awaitable[T]) -> T:
        """What the exchange answers; its errors in our words."""
        import ccxt  # type: ignore[import-untyped]  # imported already, with the client

        try:
            return await asked
        except (ccxt.BadSymbol, ccxt.NotSupported, ccxt.PermissionDenied) as error:
            raise FeedBroken(f"{self._exchange} refuses: {_short(error)}") from error
        except (ccxt.BaseError, OSError, TimeoutError) as error:
            raise FeedInterrupted(f"{self._exchange} does not answer: {_short(error)}") from error


def _short(error: Exception) -> str:
    return f"{type(error).__name__}, {str(error)[:200]}"
