"""The lists of instruments and feeds."""

from __future__ import annotations

from django.db.models.functions import Lower

from apps.core.lists import Column, Listing, Sort, pick, words
from apps.core.words import gettext_lazy
from apps.markets.choices import AssetClass, FeedProvider

INSTRUMENTS = Listing(
    "instruments",
    filters=(
        words(gettext_lazy("Symbol or name")),
        pick("kind", gettext_lazy("All kinds"), AssetClass.choices),
    ),
    sorts={
        "symbol": Sort(gettext_lazy("Symbol"), Lower("symbol")),
        "name": Sort(gettext_lazy("Name"), Lower("name")),
        "kind": Sort(gettext_lazy("Kind"), "asset_class"),
        "from": Sort(gettext_lazy("From"), "first_time", nullable=True),
        "to": Sort(gettext_lazy("To"), "last_time", down=True, nullable=True),
    },
    order="symbol",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("symbol", lambda row: row.symbol),
        Column("name", lambda row: row.name),
        Column("kind", lambda row: row.asset_class),
        Column("from", lambda row: row.first_time),
        Column("to", lambda row: row.last_time),
    ),
)

FEEDS = Listing(
    "feeds",
    filters=(
        words(gettext_lazy("Symbol")),
        pick("provider", gettext_lazy("Any source"), FeedProvider.choices),
    ),
    sorts={
        "symbol": Sort(gettext_lazy("Feed"), Lower("instrument__symbol")),
        "source": Sort(gettext_lazy("Source"), "provider"),
        "bars": Sort(gettext_lazy("Bars"), "next_number", down=True),
    },
    order="symbol",
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("symbol", lambda row: row.instrument.symbol),
        Column("timeframe", lambda row: row.timeframe),
        Column("source", lambda row: row.provider),
        Column("bars", lambda row: row.next_number),
    ),
)
