"""Setting up each kind of feed, and what may be changed later."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.core.errors import DomainError
from apps.core.manner import written
from apps.core.menus import Menu
from apps.core.words import gettext_lazy
from apps.markets.models import BarSet, Feed
from apps.markets.rules import SYMBOL_PATTERN
from apps.markets.rules.feeds import FASTEST_OF_ONES_OWN, SLOWEST
from apps.markets.selectors import visible_bar_sets

SPEED_HELP = gettext_lazy("A minute's bar every second is 1. Bots decide at each of them.")
LATE_HELP = gettext_lazy("Timeframes without a bar. Late is shown; stale pauses the bots that run on it.")


class _Feed(forms.Form):
    """What each kind gives to create_feed."""

    provider: str

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace

    def add_problem(self, error: DomainError) -> None:
        """At the field at fault, where the form has it."""
        name = (error.field or "").removeprefix("settings.")
        self.add_error(name if name in self.fields else None, error.message)


class BarSetChoice(Menu):
    def label_from_instance(self, bar_set: BarSet) -> str:  # type: ignore[override]
        return gettext("{bar_set} · {bars:,} bars").format(bar_set=bar_set, bars=written(bar_set.bars))


class ReplayForm(_Feed):
    provider = "replay"
    bar_set = BarSetChoice(
        BarSet.objects.none(),
        by=("instrument__symbol",),
        label=gettext_lazy("Bars to play"),
        empty_label=None,
        to_field_name="uuid",
    )
    bars_per_second = forms.FloatField(
        label=gettext_lazy("Bars per second"),
        min_value=SLOWEST,
        max_value=FASTEST_OF_ONES_OWN,
        initial=1,
        help_text=SPEED_HELP,
    )
    start = forms.IntegerField(
        min_value=0,
        initial=500,
        label=gettext_lazy("Start behind this many bars"),
        help_text=gettext_lazy("Those before are what bots warm up on."),
    )
    loop = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("Go on after the last bar, back and forth")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, workspace=workspace, **kwargs)
        self.fields["bar_set"].queryset = visible_bar_sets(workspace)  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        return {"provider": self.provider, "settings": {**chosen, "bar_set": str(chosen["bar_set"].uuid)}}


class CcxtForm(_Feed):
    provider = "ccxt"
    exchange = forms.CharField(
        label=gettext_lazy("Exchange"),
        max_length=40,
        help_text=gettext_lazy("As CCXT names it: binance, kraken, okx, bybit …"),
    )
    symbol = forms.CharField(
        max_length=40, label=gettext_lazy("Market"), help_text=gettext_lazy("As CCXT writes it: BTC/USDT.")
    )
    timeframe = forms.CharField(
        label=gettext_lazy("Timeframe"), max_length=10, initial="1m", help_text="1m, 15m, 1h, 1d …"
    )
    websocket = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("By WebSocket where the exchange has one")
    )
    is_testnet = forms.BooleanField(required=False, label=gettext_lazy("The exchange's test network"))

    def values(self) -> dict[str, Any]:
        chosen = dict(self.cleaned_data)
        return {"provider": self.provider, "timeframe": chosen.pop("timeframe"), "settings": chosen}


class CsvDropForm(_Feed):
    provider = "csv_drop"
    symbol = forms.RegexField(
        SYMBOL_PATTERN,
        label=gettext_lazy("Symbol"),
        max_length=40,
        help_text=gettext_lazy("For example BTCUSDT."),
    )
    timeframe = forms.CharField(
        label=gettext_lazy("Timeframe"), max_length=10, initial="1d", help_text="1m, 15m, 1h, 1d …"
    )
    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        max_length=60,
        help_text=gettext_lazy("A name of your choice: small letters, digits, - and _. Files come there."),
    )

    def values(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        return {
            "provider": self.provider,
            "symbol": chosen["symbol"],
            "timeframe": chosen["timeframe"],
            "settings": {"folder": chosen["folder"]},
        }


class FeedSettingsForm(forms.Form):
    """What every feed may change while it runs."""

    late_after = forms.FloatField(min_value=1, max_value=1000, label=gettext_lazy("Late after"))
    stale_after = forms.FloatField(
        min_value=1, max_value=1000, label=gettext_lazy("Stale after"), help_text=LATE_HELP
    )

    def __init__(self, data: Any = None, *, feed: Feed) -> None:
        stored = {**feed.settings, "late_after": feed.late_after, "stale_after": feed.stale_after}
        super().__init__(data, initial=stored)

    def values(self) -> dict[str, Any]:
        chosen = dict(self.cleaned_data)
        bounds = {name: chosen.pop(name) for name in ("late_after", "stale_after")}
        return {**bounds, "settings": chosen}


class ReplaySettingsForm(FeedSettingsForm):
    bars_per_second = forms.FloatField(
        label=gettext_lazy("Bars per second"), min_value=SLOWEST, max_value=10_000, help_text=SPEED_HELP
    )
    loop = forms.BooleanField(required=False, label=gettext_lazy("Go on after the last bar, back and forth"))
    field_order = ("bars_per_second", "loop", "late_after", "stale_after")


class DropForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV or Parquet file"),
        help_text=gettext_lazy(
            "Bars that are there already change nothing; a bar older than the newest is not taken."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.parquet"}),
    )
