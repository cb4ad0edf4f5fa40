"""Setting up feeds, starting and stopping them, and dropping files for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone as clock
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.core.manner import written
from apps.journal.services import record
from apps.markets.choices import AssetClass, FeedProvider, FeedState
from apps.markets.errors import (
    FeedExists,
    FeedRefused,
    FeedSettingsInvalid,
    ReadOnlyFeed,
    TooManyFeeds,
)
from apps.markets.models import BarSet, Feed, Instrument
from apps.markets.providers.csv_drop import folder_of
from apps.markets.rules import check_upload_size, clean_symbol
from apps.markets.rules.feeds import FASTEST_OF_ONES_OWN, MOST_FEEDS, check_bounds, clean_settings
from apps.markets.services.feeds import change_state
from apps.markets.services.usage import keep_bars_counted
from apps.markets.timeframes import WEEK_MS, format_timeframe, parse_timeframe

# What may be changed once bars have come: the others would make another series of what bots decided on.
CHANGEABLE = {"bars_per_second", "loop", "websocket", "folder"}
FILE_KINDS = (".csv", ".txt", ".tsv", ".parquet")


def create_feed(
    workspace: Workspace | None,
    *,
    provider: str,
    settings: Mapping[str, Any],
    timeframe: str = "",
    instrument: Instrument | None = None,
    symbol: str = "",
    late_after: float = 2.0,
    stale_after: float = 3.0,
    actor: User | None,
) -> Feed:
    """A feed, not yet started; without a workspace it is shared with everyone.

    A replay takes instrument and timeframe from its bars. Others name both; where an exchange's `instrument` is left
    out, one of the workspace's own is made of its market, and where files' is, one named `symbol`.
    Raises FeedSettingsInvalid, UnknownTimeframe, SymbolInvalid, FeedExists or TooManyFeeds.
    """
    cleaned = clean_settings(provider, settings)
    check_bounds(late_after, stale_after)
    _check_speed(workspace, cleaned)
    with transaction.atomic():
        if workspace is not None:
            Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two at once are counted
            if Feed.objects.filter(workspace=workspace).count() >= MOST_FEEDS:
                raise TooManyFeeds(
                    gettext("A workspace has at most {most_feeds} feeds; delete one first.").format(
                        most_feeds=MOST_FEEDS
                    )
                )
        if provider == FeedProvider.REPLAY:
            bar_set = _bars_to_replay(workspace, cleaned)
            instrument, timeframe_ms = bar_set.instrument, bar_set.timeframe_ms
        else:
            timeframe_ms = _length(provider, timeframe)
            instrument = _visible(workspace, instrument) or _own_instrument(workspace, cleaned, symbol)
        feed = Feed(
            workspace=workspace,
            instrument=instrument,
            provider=provider,
            timeframe=format_timeframe(timeframe_ms),
            timeframe_ms=timeframe_ms,
            settings=cleaned,
            late_after=late_after,
            stale_after=stale_after,
        )
        try:
            with transaction.atomic():
                feed.save()
        except IntegrityError:
            raise FeedExists(
                gettext("There is a feed of {symbol} {timeframe} of that kind already.").format(
                    symbol=instrument.symbol, timeframe=feed.timeframe
                ),
                field="instrument",
            ) from None
        changes = {"provider": provider, "timeframe": feed.timeframe, "settings": cleaned}
        record(actor=actor, workspace=workspace, action="markets.feed.created", target=feed, changes=changes)
    return feed


@transaction.atomic
def change_feed(
    feed: Feed,
    *,
    settings: Mapping[str, Any] | None = None,
    late_after: float | None = None,
    stale_after: float | None = None,
    actor: User | None,
) -> Feed:
    """Other settings (those given), which the running process takes up within seconds.

    Raises ReadOnlyFeed, FeedSettingsInvalid, or FeedRefused for what cannot change once bars have come.
    """
    locked = _locked(feed, actor)
    before = {"settings": locked.settings, "late_after": locked.late_after, "stale_after": locked.stale_after}
    cleaned = clean_settings(locked.provider, {**locked.settings, **(settings or {})})
    _check_speed(locked.workspace, cleaned)
    fixed = sorted(
        name for name, value in cleaned.items() if value != locked.settings[name] and name not in CHANGEABLE
    )
    if fixed and locked.next_number:
        raise FeedRefused(
            gettext("{join} cannot change once bars have come; make another feed.").format(
                join=", ".join(fixed)
            ),
            field=f"settings.{fixed[0]}",
        )
    if "bar_set" in fixed or "start" in fixed:
        bar_set = _bars_to_replay(locked.workspace, cleaned)
        if (bar_set.instrument_id, bar_set.timeframe_ms) != (locked.instrument_id, locked.timeframe_ms):
            raise FeedRefused(
                gettext("These are bars of another instrument or timeframe."), field="settings.bar_set"
            )
    locked.settings = cleaned
    locked.late_after = locked.late_after if late_after is None else late_after
    locked.stale_after = locked.stale_after if stale_after is None else stale_after
    check_bounds(locked.late_after, locked.stale_after)
    after = {"settings": cleaned, "late_after": locked.late_after, "stale_after": locked.stale_after}
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if changes:
        locked.save(update_fields=["settings", "late_after", "stale_after", "updated_at"])
        record(
            actor=actor,
            workspace=locked.workspace,
            action="markets.feed.changed",
            target=locked,
            changes=changes,
        )
    return locked


@transaction.atomic
def start_feed(feed: Feed, *, actor: User | None) -> Feed:
    """Let bars come, after those there are; nothing changes when it is active. A process takes it up within seconds.

    Raises ReadOnlyFeed, or FeedRefused for a replay that is at its end.
    """
    locked = _locked(feed, actor)
    if locked.is_active:
        return locked
    if locked.state == FeedState.ENDED and not locked.settings.get("loop"):
        raise FeedRefused(
            gettext("The replay is at its end. Let it go on after its last bar, or make another feed.")
        )
    locked.is_active, locked.started_at = True, clock.now()
    locked.save(update_fields=["is_active", "started_at", "updated_at"])
    change_state(locked, FeedState.IDLE)
    record(actor=actor, workspace=locked.workspace, action="markets.feed.started", target=locked)
    return locked


@transaction.atomic
def stop_feed(feed: Feed, *, actor: User | None) -> Feed:
    """No more bars from now on; what a process has under way is not written. Nothing changes when it is stopped.

    Raises ReadOnlyFeed.
    """
    locked = _locked(feed, actor)
    if locked.is_active:
        _deactivate(locked)
        change_state(locked, FeedState.IDLE)
        record(actor=actor, workspace=locked.workspace, action="markets.feed.stopped", target=locked)
    return locked


@transaction.atomic
def end_feed(feed_id: int) -> None:
    """A replay has played its last bar."""
    locked = Feed.objects.select_for_update(no_key=True).get(pk=feed_id)
    if locked.is_active:
        _deactivate(locked)
        change_state(locked, FeedState.ENDED)


@transaction.atomic
def delete_feed(feed: Feed, *, actor: User | None) -> None:
    """With its bars, which stay counted as used. Raises ReadOnlyFeed, or FeedRefused while something rests on it."""
    locked = _locked(feed, actor)
    keep_bars_counted(locked)
    record(actor=actor, workspace=locked.workspace, action="markets.feed.deleted", target=locked)
    try:
        locked.delete()
    except ProtectedError:
        raise FeedRefused(
            gettext("Bots rest on this feed, with what they decided on its bars; delete those first.")
        ) from None


def drop_file(feed: Feed, *, file: BinaryIO, filename: str, actor: User | None) -> str:
    """Put a file of bars where a feed of files takes it from; returns its name there.

    Raises ReadOnlyFeed, UploadTooLarge, or FeedRefused for another kind of feed or of file.
    """
    if feed.provider != FeedProvider.CSV_DROP:
        raise FeedRefused(
            gettext("Files are dropped for feeds of files; this one is: {get_provider_display}.").format(
                get_provider_display=feed.get_provider_display()
            )
        )
    if feed.workspace_id is None and not (actor is None or actor.is_staff):
        raise ReadOnlyFeed(gettext("Shared feeds cannot be changed."))
    if not filename.lower().endswith(FILE_KINDS):
        raise FeedRefused(
            gettext("“{filename}” is not taken: a file of bars ends in {join}.").format(
                filename=filename[:60], join=", ".join(FILE_KINDS)
            ),
            field="file",
        )
    check_upload_size(getattr(file, "size", None))
    stamp = datetime.now(tz=UTC).strftime("%Y%m%dT%H%M%S%f")
    name = f"{folder_of(feed)}/{stamp}-{default_storage.get_valid_name(filename)[-80:]}"
    with transaction.atomic():
        record(
            actor=actor,
            workspace=feed.workspace,
            action="markets.feed.file_dropped",
            target=feed,
            changes={"file": filename[:120]},
        )
        kept = default_storage.save(name, File(file))
    return kept.rpartition("/")[2]


def _locked(feed: Feed, actor: User | None) -> Feed:
    """The row, held. `actor` None is the installation itself."""
    locked = (
        Feed.objects.select_for_update(of=("self",), no_key=True)
        .select_related("instrument", "workspace")
        .get(pk=feed.pk)
    )
    if locked.workspace_id is None and not (actor is None or actor.is_staff):
        raise ReadOnlyFeed(gettext("Shared feeds cannot be changed."))
    return locked


def _deactivate(feed: Feed) -> None:
    feed.is_active, feed.worker, feed.lease_until = False, "", None
    feed.save(update_fields=["is_active", "worker", "lease_until", "updated_at"])


def _check_speed(workspace: Workspace | None, cleaned: Mapping[str, Any]) -> None:
    if workspace is not None and cleaned.get("bars_per_second", 0) > FASTEST_OF_ONES_OWN:
        raise FeedSettingsInvalid(
            gettext("A replay of a workspace plays at most {fastest_of_ones_own:g} bars a second.").format(
                fastest_of_ones_own=written(FASTEST_OF_ONES_OWN)
            ),
            field="settings.bars_per_second",
        )


def _bars_to_replay(workspace: Workspace | None, cleaned: Mapping[str, Any]) -> BarSet:
    visible = Q(workspace=None) | Q(workspace=workspace)
    bar_set = BarSet.objects.filter(visible, uuid=cleaned["bar_set"]).select_related("instrument").first()
    if bar_set is None:
        raise FeedSettingsInvalid(gettext("There is no such set of bars."), field="settings.bar_set")
    if cleaned["start"] >= bar_set.bars:
        raise FeedSettingsInvalid(
            gettext("The replay cannot start behind {cleaned:,} bars: there are {bars:,}.").format(
                cleaned=written(cleaned["start"]), bars=written(bar_set.bars)
            ),
            field="settings.start",
        )
    return bar_set


def _length(provider: str, timeframe: str) -> int:
    timeframe_ms = parse_timeframe(timeframe)
    if provider == FeedProvider.CCXT and timeframe_ms > WEEK_MS:
        raise FeedSettingsInvalid(
            gettext("An exchange's candles are followed up to a week: longer ones have no fixed length."),
            field="timeframe",
        )
    return timeframe_ms


def _visible(workspace: Workspace | None, instrument: Instrument | None) -> Instrument | None:
    if instrument is not None and instrument.workspace_id not in (None, workspace.pk if workspace else None):
        raise FeedSettingsInvalid(gettext("There is no such instrument."), field="instrument")
    return instrument


def _own_instrument(workspace: Workspace | None, cleaned: Mapping[str, Any], symbol: str) -> Instrument:
    if "exchange" in cleaned:
        market = clean_symbol(cleaned["symbol"])
        quote = market.partition("/")[2].partition(":")[0]
        values = {"asset_class": AssetClass.CRYPTO, "currency": quote[:10] or "USD"}
        key = {"symbol": market, "venue": cleaned["exchange"]}
    else:
        key, values = {"symbol": clean_symbol(symbol), "venue": ""}, {}
    return Instrument.objects.get_or_create(workspace=workspace, **key, defaults=values)[0]
