"""Reading the files of bars that are kept."""

from __future__ import annotations

import polars as pl
from django.core.files.storage import default_storage
from django.utils.translation import gettext

from apps.engine.bars import COLUMNS, Bars
from apps.markets.errors import StoredBarsDamaged
from apps.markets.models import BarSet


def load_bars(bar_set: BarSet) -> Bars:
    """The catalogued bars, read memory-mapped from a local disk.

    Raises StoredBarsDamaged when the file is gone or is not what was catalogued.
    """
    try:
        frame = _read_parquet(bar_set.path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoredBarsDamaged(
            gettext("The file of {bar_set} cannot be read; import the data again.").format(bar_set=bar_set)
        ) from error
    bars = Bars(
        time=frame["time"].to_numpy(),
        **{column: frame[column].to_numpy() for column in COLUMNS},
        timeframe_ms=bar_set.timeframe_ms,
        timezone=bar_set.timezone,
        symbol=bar_set.instrument.symbol,
    )
    if bars.content_hash() != bar_set.content_hash:
        raise StoredBarsDamaged(
            gettext("The file of {bar_set} is not the one that was imported; import it again.").format(
                bar_set=bar_set
            )
        )
    return bars


def _read_parquet(path: str) -> pl.DataFrame:
    try:
        local = default_storage.path(path)
    except NotImplementedError:  # object storage has no paths
        with default_storage.open(path, "rb") as file:
            return pl.read_parquet(file.read())
    return pl.read_parquet(local, memory_map=True)
