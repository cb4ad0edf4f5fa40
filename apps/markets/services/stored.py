"""Importing, loading and removing bars."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import BinaryIO

import numpy as np
import polars as pl
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone as clock
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.core.files import removed_on_error
from apps.core.kept import in_english
from apps.engine.bars import COLUMNS, Bars
from apps.journal.services import record
from apps.markets.choices import AssetClass
from apps.markets.errors import BarsInUse, ReadOnlyInstrument
from apps.markets.files import ReadReport, read_bars_file
from apps.markets.models import BarSet, Feed, Instrument
from apps.markets.quality import quality_report
from apps.markets.rules import check_upload_size, clean_symbol
from apps.markets.timeframes import SECOND_MS, format_timeframe


def import_bars(
    workspace: Workspace | None,
    *,
    symbol: str,
    file: BinaryIO,
    filename: str = "",
    timeframe: str | None = None,
    timezone: str = "UTC",
    venue: str = "",
    asset_class: str = AssetClass.OTHER,
    actor: User | None,
) -> BarSet:
    """Read a CSV or Parquet file and catalogue its bars; the same content again gives the set it made before.

    Raises BarsFileError with the line at fault, SymbolInvalid, UnknownTimeframe, UnknownTimezone or
    UploadTooLarge; then nothing is stored.
    """
    symbol = clean_symbol(symbol)
    check_upload_size(getattr(file, "size", None))  # only uploads know their size
    read = read_bars_file(file, timeframe=timeframe, timezone=timezone, symbol=symbol)
    return store_bars(
        workspace,
        read.bars,
        report=read.report,
        source=filename,
        venue=venue,
        asset_class=asset_class,
        actor=actor,
    )


def store_bars(
    workspace: Workspace | None,
    bars: Bars,
    *,
    actor: User | None,
    report: ReadReport | None = None,
    source: str = "",
    venue: str = "",
    name: str = "",
    asset_class: str = AssetClass.OTHER,
    is_synthetic: bool = False,
) -> BarSet:
    """Keep bars as Parquet under a name made of their hash, and catalogue them.

    The same content again gives the set there is. File first, row second, in one transaction that holds the
    instrument's row: a catalogue row never points at nothing, a file that no row came to point at is removed
    again, and of two imports at once the second sees what the first has made.
    """
    content_hash = bars.content_hash()
    timeframe = format_timeframe(bars.timeframe_ms)
    with in_english():  # several people read it
        quality = quality_report(bars, read=report, single_stock=asset_class == AssetClass.STOCK)
    written: list[str] = []
    with removed_on_error(written), transaction.atomic():
        instrument, _ = Instrument.objects.get_or_create(
            workspace=workspace,
            symbol=bars.symbol,
            venue=venue,
            defaults={"timezone": bars.timezone, "name": name, "asset_class": asset_class},
        )
        instrument = Instrument.objects.select_for_update(of=("self",)).get(pk=instrument.pk)
        current = BarSet.objects.filter(
            workspace=workspace, instrument=instrument, timeframe=timeframe, superseded_at=None
        )
        known = current.filter(content_hash=content_hash).first()
        if known:
            return known
        path = f"bars/{instrument.uuid}/{content_hash}.parquet"
        if not BarSet.objects.filter(path=path).exists():
            default_storage.delete(
                path
            )  # half a file, should an earlier import have been killed while writing
            written.append(path)
            default_storage.save(path, ContentFile(to_parquet(bars)))
        replaced = current.first()
        current.update(superseded_at=clock.now())
        bar_set = BarSet.objects.create(
            workspace=workspace,
            instrument=instrument,
            imported_by=actor,
            timeframe=timeframe,
            timeframe_ms=bars.timeframe_ms,
            timezone=bars.timezone,
            bars=len(bars),
            first_time=_moment(bars.time[0]),
            last_time=_moment(bars.time[-1]),
            content_hash=content_hash,
            path=path,
            source=source[:120],
            quality=quality.to_dict(),
            is_synthetic=is_synthetic,
        )
        changes = {"bars": len(bars), "hash": [replaced.content_hash if replaced else None, content_hash]}
        record(
            actor=actor,
            workspace=workspace,
            action="markets.bars.imported",
            target=bar_set,
            changes={**changes, "source": source},
        )
    return bar_set


def _moment(epoch_ms: np.int64) -> datetime:
    return datetime.fromtimestamp(int(epoch_ms) / 1000, tz=UTC)


def to_parquet(bars: Bars) -> bytes:
    """Columns time (int64, epoch ms) and open … volume (float64)."""
    frame = pl.DataFrame({"time": bars.time, **{column: getattr(bars, column) for column in COLUMNS}})
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def to_csv(bars: Bars) -> bytes:
    """With a header and times in ISO 8601, UTC; reads back as the same bars, bit for bit."""
    time = pl.Series("time", bars.time).cast(pl.Datetime("ms"))
    form = "%Y-%m-%dT%H:%M:%SZ" if not (bars.time % SECOND_MS).any() else "%Y-%m-%dT%H:%M:%S%.3fZ"
    frame = pl.DataFrame(
        [time.dt.strftime(form), *(pl.Series(name, getattr(bars, name)) for name in COLUMNS)]
    )
    return frame.write_csv().encode()


@transaction.atomic
def delete_bar_set(bar_set: BarSet, *, actor: User) -> None:
    """Remove a workspace's own bars, and the instrument with its last ones.

    Raises ReadOnlyInstrument for shared ones, BarsInUse where backtests or a replay rest on them.
    """
    if bar_set.workspace_id is None:
        raise ReadOnlyInstrument(gettext("Shared market data cannot be deleted."))
    if Feed.objects.filter(settings__bar_set=str(bar_set.uuid)).exists():
        raise BarsInUse(gettext("A replay plays these bars; delete that feed first."))
    record(actor=actor, workspace=bar_set.workspace, action="markets.bars.deleted", target=bar_set)
    path, instrument = bar_set.path, bar_set.instrument
    try:
        bar_set.delete()
    except ProtectedError:
        raise BarsInUse(gettext("Backtests rest on these bars; delete those first.")) from None
    if not instrument.bar_sets.exists() and not instrument.feeds.exists():
        instrument.delete()
    if not BarSet.objects.filter(path=path).exists():
        transaction.on_commit(lambda: default_storage.delete(path))
