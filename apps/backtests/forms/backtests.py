"""The form that asks for a backtest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.backtests.forms.costs import COST_FIELDS, CostsForm
from apps.backtests.services import BacktestRequest
from apps.core.menus import Menu
from apps.core.words import gettext_lazy
from apps.engine.lang import check
from apps.formulas.models import Formula
from apps.formulas.selectors import in_words
from apps.markets.models import BarSet
from apps.markets.selectors import slippage_by_symbol, slippage_of, visible_bar_sets

INPUT_PREFIX = "input_"


class BacktestForm(CostsForm):
    """Market and costs; one more field per input of the formula, empty meaning its default."""

    bar_set = Menu(
        queryset=BarSet.objects.none(),
        by=("instrument__symbol",),
        label=gettext_lazy("Market"),
        to_field_name="uuid",
    )
    slippage_from = ""  # where the slippage was measured, when the field was left empty

    def __init__(
        self,
        *args: Any,
        workspace: Workspace,
        text: str,
        inputs: list[dict[str, Any]],
        filled_in: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.text = text
        bar_sets = visible_bar_sets(workspace)
        self.fields["bar_set"].queryset = bar_sets  # type: ignore[attr-defined]
        self.fields["bar_set"].initial = getattr(bar_sets.first(), "uuid", None)
        self._offer_measured_slippage(workspace)
        self.initial = {**self.initial, **(filled_in or {})}
        self.input_names = [item["name"] for item in inputs]
        for item in inputs:
            self.fields[INPUT_PREFIX + item["name"]] = forms.CharField(
                required=False,
                label=item.get("label") or item["name"],
                help_text=_range_text(item),
                max_length=60,
                widget=forms.TextInput(attrs={"placeholder": text_of(item["default"])}),
            )

    def _offer_measured_slippage(self, workspace: Workspace) -> None:
        """Where the workspace's own orders measured it, an empty field stands for that; elsewhere for what the person
        prefers."""
        self.workspace = workspace
        self.measured = slippage_by_symbol(workspace)
        self.preferred = self.initial.get("slippage_bps")
        if not self.measured or self.preferred is None:
            return
        field = self.fields["slippage_bps"]
        field.required = False
        symbols = ", ".join(f"{symbol} {bps.normalize():f}" for symbol, bps in self.measured.items())
        field.help_text = gettext(
            "Empty: as your own orders were filled ({symbols}); elsewhere {preferred}."
        ).format(symbols=symbols, preferred=self.preferred)
        field.widget.attrs["placeholder"] = "measured"
        self.initial = {**self.initial, "slippage_bps": ""}

    def clean(self) -> dict[str, Any]:
        """Every wrong value at once, each at its own field."""
        values = super().clean()
        if values.get("slippage_bps") is None and "slippage_bps" not in self.errors and "bar_set" in values:
            measured = slippage_of(self.workspace, values["bar_set"].instrument)
            values["slippage_bps"] = measured.bps if measured else Decimal(self.preferred or 0)
            self.slippage_from = measured.words if measured else ""
        given = self._given(values)
        for problem in check(self.text, given).errors:
            name = next((name for name in given if f"`{name}`" in problem.message), None)
            self.add_error(
                INPUT_PREFIX + name if name else None,
                f"{in_words(problem.message)} {in_words(problem.hint)}".strip(),
            )
        return values

    def _given(self, values: dict[str, Any]) -> dict[str, str]:
        """The inputs that were filled in."""
        given = {name: values.get(INPUT_PREFIX + name, "") for name in self.input_names}
        return {name: value for name, value in given.items() if value != ""}

    @property
    def market_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("bar_set", *COST_FIELDS)]

    @property
    def input_fields(self) -> list[forms.BoundField]:
        return [self[INPUT_PREFIX + name] for name in self.input_names]

    def to_request(self, formula: Formula) -> BacktestRequest:
        values = self.cleaned_data
        return BacktestRequest(
            text=formula.text,
            name=formula.name,
            formula=formula,
            bar_set=values["bar_set"],
            **self.costs(),
            slippage_from=self.slippage_from,
            inputs=self._given(values),
        )


def text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _range_text(item: dict[str, Any]) -> str:
    if item.get("choices"):
        return gettext("One of ") + ", ".join(map(str, item["choices"]))
    if item.get("low") is not None and item.get("high") is not None:
        return gettext("{item} to {item_2}").format(item=item["low"], item_2=item["high"])
    return ""
