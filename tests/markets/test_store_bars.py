"""Importing, loading and removing: nothing half-stored, nothing of another workspace."""

from __future__ import annotations

import io
from threading import Barrier, Thread

import numpy as np
import polars as pl
import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, close_old_connections, connection
from django.http import Http404
from django.utils import translation

from apps.accounts.models import User, Workspace
from apps.core.kept import kept_in_words
from apps.engine.bars import Bars
from apps.journal.models import Entry
from apps.markets.access import get_bar_set_for, get_instrument_for
from apps.markets.errors import (
    BarsFileError,
    ReadOnlyInstrument,
    StoredBarsDamaged,
    SymbolInvalid,
    UploadTooLarge,
)
from apps.markets.files import read_bars
from apps.markets.models import BarSet, Instrument
from apps.markets.rules import check_upload_size
from apps.markets.selectors import candles, visible_bar_sets
from apps.markets.services import delete_bar_set, import_bars, load_bars, load_demo_markets, to_csv
from tests.factories import UserFactory, workspace_of

ROWS = "time,open,high,low,close,volume\n2020-01-02,1,2,1,2,3\n2020-01-03,2,3,1,2.5,4\n"


def csv(text: str = ROWS) -> io.BytesIO:
    return io.BytesIO(text.encode())


def stored_files() -> list[str]:
    if not default_storage.exists("bars"):
        return []
    folders, files = default_storage.listdir("bars")
    return [
        *files,
        *(f"{folder}/{name}" for folder in folders for name in default_storage.listdir(f"bars/{folder}")[1]),
    ]


def test_imported_bars_come_back_bit_for_bit(workspace: Workspace, user: User):
    bar_set = import_bars(workspace, symbol=" btc/usd ", file=csv(), filename="my.csv", actor=user)
    assert (bar_set.instrument.symbol, bar_set.bars, bar_set.timeframe, bar_set.source) == (
        "BTC/USD",
        2,
        "1d",
        "my.csv",
    )
    bar_set = BarSet.objects.get()
    bars = load_bars(bar_set)
    assert bars.close.tolist() == [2, 2.5]
    assert bars.content_hash() == bar_set.content_hash
    assert bar_set.quality["read"]["columns"][0] == ["time", "time"]
    entry = Entry.objects.get(action="markets.bars.imported")
    assert entry.changes["hash"] == [None, bar_set.content_hash]


@pytest.mark.parametrize(
    "text", [ROWS + "2020-01-04,1,x,1,2,3\n", ROWS + "2020-01-02,9,9,9,9,9\n", "", "a,b\n1,2\n"]
)
def test_a_refused_file_leaves_nothing(workspace: Workspace, user: User, text: str):
    with pytest.raises(BarsFileError):
        import_bars(workspace, symbol="X", file=csv(text), actor=user)
    assert not Instrument.objects.exists()
    assert not BarSet.objects.exists()
    assert stored_files() == []


@pytest.mark.parametrize("symbol", ["", "  ", "a b", "x" * 41, "<script>"])
def test_a_symbol_must_be_one(workspace: Workspace, user: User, symbol: str):
    with pytest.raises(SymbolInvalid):
        import_bars(workspace, symbol=symbol, file=csv(), actor=user)
    assert not BarSet.objects.exists()


def test_uploads_have_a_limit():
    check_upload_size(200 * 1024 * 1024)
    with pytest.raises(UploadTooLarge, match="201 MB"):
        check_upload_size(201 * 1024 * 1024)


def test_a_failing_database_leaves_no_file(workspace: Workspace, user: User):
    """A name too long for its column fails after the file was written."""
    with pytest.raises(DatabaseError):
        import_bars(workspace, symbol="X", venue="", asset_class="x" * 50, file=csv(), actor=user)
    assert stored_files() == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE markets_barset ADD CONSTRAINT refuse CHECK (source <> 'refused.csv')")
    with pytest.raises(DatabaseError):
        import_bars(workspace, symbol="X", file=csv(), filename="refused.csv", actor=user)
    assert stored_files() == []
    assert not Instrument.objects.exists()


def test_the_same_content_again_is_the_same_set(workspace: Workspace, user: User):
    first = import_bars(workspace, symbol="X", file=csv(), actor=user)
    assert import_bars(workspace, symbol="X", file=csv(ROWS.replace(",", ";")), actor=user) == first
    assert BarSet.objects.count() == 1


def test_newer_content_supersedes_and_the_older_can_still_be_read(workspace: Workspace, user: User):
    old = import_bars(workspace, symbol="X", file=csv(), actor=user)
    new = import_bars(workspace, symbol="X", file=csv(ROWS + "2020-01-06,1,2,1,2,3\n"), actor=user)
    assert list(visible_bar_sets(workspace)) == [new]
    old.refresh_from_db()
    assert old.superseded_at is not None
    assert len(load_bars(old)) == 2
    again = import_bars(workspace, symbol="X", file=csv(), actor=user)
    assert again not in (old, new)
    assert len(load_bars(again)) == 2


def test_each_set_keeps_the_zone_it_was_read_in(workspace: Workspace, user: User):
    import_bars(workspace, symbol="X", file=csv(), actor=user)
    berlin = import_bars(workspace, symbol="X", file=csv(), timezone="Europe/Berlin", actor=user)
    assert load_bars(BarSet.objects.get(pk=berlin.pk)).timezone == "Europe/Berlin"


def test_csv_keeps_every_bit_of_a_price():
    """Thirds have no short decimal form; times here have milliseconds."""
    third = np.array([1 / 3, 2 / 3, 1e-7 / 3])
    bars = Bars(
        np.array([5, 1005, 2005]), third, third * 2, third / 2, third, third * 1e12, timeframe_ms=1000
    )
    assert read_bars(io.BytesIO(to_csv(bars))).content_hash() == bars.content_hash()


def test_damaged_and_lost_files_are_noticed(workspace: Workspace, user: User):
    bar_set = import_bars(workspace, symbol="X", file=csv(), actor=user)
    path = default_storage.path(bar_set.path)
    pl.read_parquet(path).with_columns(close=pl.col("close") + 1).write_parquet(path)
    with pytest.raises(StoredBarsDamaged, match="not the one"):
        load_bars(bar_set)
    default_storage.delete(bar_set.path)
    with pytest.raises(StoredBarsDamaged, match="cannot be read"):
        load_bars(bar_set)


def test_half_a_file_left_by_a_killed_import_is_written_anew(workspace: Workspace, user: User):
    bar_set = import_bars(workspace, symbol="X", file=csv(), actor=user)
    path = default_storage.path(bar_set.path)
    BarSet.objects.all().delete()
    with open(path, "r+b") as file:
        file.truncate(10)
    assert len(load_bars(import_bars(workspace, symbol="X", file=csv(), actor=user))) == 2


def test_deleting_removes_row_file_and_empty_instrument(
    workspace: Workspace, user: User, django_capture_on_commit_callbacks
):
    bar_set = import_bars(workspace, symbol="X", file=csv(), actor=user)
    with django_capture_on_commit_callbacks(execute=True):
        delete_bar_set(bar_set, actor=user)
    assert not Instrument.objects.exists()
    assert stored_files() == []
    assert Entry.objects.filter(action="markets.bars.deleted").exists()


def test_shared_bars_cannot_be_deleted(user: User):
    bar_set = import_bars(None, symbol="X", file=csv(), actor=None)
    with pytest.raises(ReadOnlyInstrument):
        delete_bar_set(bar_set, actor=user)
    assert BarSet.objects.exists()


def test_a_workspace_sees_its_own_and_the_shared(workspace: Workspace, user: User, stranger: User):
    own = import_bars(workspace, symbol="X", file=csv(), actor=user)
    shared = import_bars(None, symbol="Y", file=csv(), actor=None)
    foreign = import_bars(workspace_of(stranger), symbol="X", file=csv(), actor=stranger)
    assert {own, shared} == set(visible_bar_sets(workspace))
    assert get_bar_set_for(workspace, shared.uuid) == shared
    with pytest.raises(Http404):
        get_bar_set_for(workspace, foreign.uuid)
    with pytest.raises(Http404):
        get_instrument_for(workspace, foreign.instrument.uuid)


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_make_one_set():
    person = UserFactory()
    home = workspace_of(person)
    start, made = Barrier(2), []

    def run() -> None:
        try:
            start.wait(30)
            made.append(import_bars(home, symbol="X", file=csv(), actor=person))
        finally:
            close_old_connections()
            connection.close()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 2
    assert made[0] == made[1]
    assert len(load_bars(BarSet.objects.get())) == 2


def test_demo_data_is_real_labelled_and_loaded_once(db: None):
    load_demo_markets()
    load_demo_markets()
    sets = {item.instrument.symbol: item for item in BarSet.objects.select_related("instrument")}
    assert set(sets) == {"AAPL", "GOOG", "IBM", "MSFT", "SYNTH-MINUTE"}
    assert [name for name, item in sets.items() if item.is_synthetic] == ["SYNTH-MINUTE"]
    assert "synthetic" in str(sets["SYNTH-MINUTE"])
    assert all(item.instrument.workspace is None for item in sets.values())
    # The package's first row of Apple: 2000-03-01, close 130.31, adjusted close 4.186662803811.
    apple = load_bars(sets["AAPL"])
    assert apple.close[0] == pytest.approx(4.186662803811, rel=1e-12)
    assert apple.open[0] == pytest.approx(118.56 * 4.186662803811 / 130.31, rel=1e-12)
    assert len(apple) == 3270


def test_candles_are_thinned_without_losing_extremes():
    rows = "".join(
        f"{1_577_836_800 + at * 60},{10 + at},{11 + at},{9 + at},{10 + at},1\n" for at in range(10)
    )
    thin = candles(read_bars(csv("time,open,high,low,close,volume\n" + rows)), 4)
    assert thin["time"] == [1_577_836_800, 1_577_836_980, 1_577_837_160, 1_577_837_340]
    assert thin["open"] == [10, 13, 16, 19]
    assert thin["high"] == [13, 16, 19, 20]
    assert thin["low"] == [9, 12, 15, 18]
    assert thin["close"] == [12, 15, 18, 19]
    assert thin["volume"] == [3, 3, 3, 1]


def test_what_is_found_in_bars_is_kept_in_english_whoever_imports_them(workspace, user):
    rows = b"time,open,high,low,close\n2024-01-02,1,2,1,2\n2024-01-03,2,3,2,3\n"
    with translation.override("tr"):
        kept = import_bars(
            workspace, symbol="X", file=io.BytesIO(rows), asset_class="stock", actor=user
        ).quality
        shown = kept_in_words(kept["notes"][0])
    assert kept["notes"][0] == "The file has no volume; it counts as 0."
    assert kept["notes"][1].startswith("One company's shares")
    assert kept["summary"].isascii()
    assert shown != kept["notes"][0]
