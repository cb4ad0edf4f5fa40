"""The form that asks for a sweep: a range for each input, markets, costs, and how to choose."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from django import forms

from apps.accounts.models import Workspace
from apps.backtests.choices import RankBy, SweepMode
from apps.backtests.forms.costs import CostsForm
from apps.backtests.services import SweepRequest, plan_sweep
from apps.backtests.services.sweep_cells import MOST_CELLS
from apps.core.errors import DomainError
from apps.formulas.models import Formula
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets

START_CELLS = 400  # a first, coarse look: the ranges are prefilled with about so many settings
NUMBERS = ("integer", "number", "percent")
PARTS = ("from", "to", "step")


class SweepForm(CostsForm):
    """For an input of numbers the fields `from_NAME`, `to_NAME`, `step_NAME`; for others `values_NAME`.

    An empty `to` holds the input at `from`; percentages are written as such, 5 being 5 %.
    """

    bar_sets = forms.ModelMultipleChoiceField(
        queryset=BarSet.objects.none(),
        label="Markets",
        to_field_name="uuid",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one market."},
    )
    mode = forms.ChoiceField(choices=SweepMode.choices, initial=SweepMode.GRID, label="Try")
    count = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_CELLS, initial=200, label="Settings to draw"
    )
    seed = forms.IntegerField(required=False, initial=1, min_value=0, max_value=2**31 - 1, label="Seed")
    metric = forms.ChoiceField(choices=RankBy.choices, initial=RankBy.SHARPE, label="Rank by")

    def __init__(
        self, *args: Any, workspace: Workspace, formula: Formula, inputs: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.formula = formula
        self.inputs = inputs
        bar_sets = visible_bar_sets(workspace)
        self.fields["bar_sets"].queryset = bar_sets  # type: ignore[attr-defined]
        first = bar_sets.first()
        self.fields["bar_sets"].initial = [first.uuid] if first else []
        starts = _starts(inputs)
        for item in inputs:
            self._add_axis(item, starts[item["name"]])

    def _add_axis(self, item: dict[str, Any], start: tuple[str, str, str]) -> None:
        name, label = item["name"], item.get("label") or item["name"]
        if item["kind"] in NUMBERS:
            for part, value in zip(PARTS, start, strict=True):
                self.fields[f"{part}_{name}"] = forms.DecimalField(
                    required=part == "from",
                    initial=value,
                    label=f"{label}, {part}",
                    widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
                )
            return
        choices = ["true", "false"] if item["kind"] == "truth" else item.get("choices")
        default = _text(item["default"])
        if choices:
            self.fields[f"values_{name}"] = forms.MultipleChoiceField(
                choices=[(each, each) for each in choices],
                initial=[default],
                label=label,
                widget=forms.CheckboxSelectMultiple,
            )
        else:
            self.fields[f"values_{name}"] = forms.CharField(initial=default, label=label, max_length=200)

    def clean(self) -> dict[str, Any]:
        """The whole question is tried on, so that every refusal stands at its field before anything is stored."""
        values = super().clean()
        if values.get("mode") == SweepMode.RANDOM and not values.get("count") and "count" not in self.errors:
            self.add_error("count", "Say how many settings to draw.")
        if self.errors:
            return values
        try:
            plan, _ = plan_sweep(self.to_request())
        except DomainError as error:
            self.add_error(self._field_of(error.field), error.message)
        else:
            values["settings"] = len(plan.settings)
            values["sizes"] = [len(axis.values) for axis in plan.axes if len(axis.values) > 1]
        return values

    def _field_of(self, name: str | None) -> str | None:
        """The field a refusal belongs to; those of an axis stand at its first field."""
        named = (name, f"from_{name}", f"values_{name}")
        return next((each for each in named if each in self.fields), None)

    def axes(self) -> dict[str, str]:
        """The ranges as the engine's language of axes has them."""
        values = self.cleaned_data
        found = {}
        for item in self.inputs:
            name = item["name"]
            if item["kind"] not in NUMBERS:
                given = values[f"values_{name}"]
                found[name] = given if isinstance(given, str) else ",".join(given)
                continue
            unit = "%" if item["kind"] == "percent" else ""
            low, high, step = (values[f"{part}_{name}"] for part in PARTS)
            text = f"{_plain(low)}{unit}"
            if high is not None and high != low:
                text += f"..{_plain(high)}{unit}"
                text += f" step {_plain(step)}{unit}" if step is not None else ""
            found[name] = text
        return found

    def to_request(self) -> SweepRequest:
        values = self.cleaned_data
        drawn = values["mode"] == SweepMode.RANDOM
        return SweepRequest(
            text=self.formula.text,
            name=self.formula.name,
            formula=self.formula,
            bar_sets=tuple(values["bar_sets"]),
            axes=self.axes(),
            mode=values["mode"],
            count=values["count"] if drawn else None,
            seed=values["seed"] or 0 if drawn else 0,
            metric=values["metric"],
            **self.costs(),
        )

    @property
    def axis_rows(self) -> list[dict[str, Any]]:
        """For the page: each input with its fields, and what it was declared as."""
        rows = []
        for item in self.inputs:
            name = item["name"]
            numbers = item["kind"] in NUMBERS
            names = [f"{part}_{name}" for part in PARTS] if numbers else [f"values_{name}"]
            rows.append(
                {
                    "name": item.get("label") or name,
                    "numbers": numbers,
                    "unit": "%" if item["kind"] == "percent" else "",
                    "fields": [self[each] for each in names],
                    "errors": [error for each in names for error in self[each].errors],
                    "declared": _declared(item),
                }
            )
        return rows

    @property
    def cost_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.base_fields if name in CostsForm.base_fields]


def _starts(inputs: list[dict[str, Any]]) -> dict[str, tuple[str, str, str]]:
    """From, to and step of each input of numbers: its declared range in about equally coarse steps."""
    ranged = [item for item in inputs if item["kind"] in NUMBERS and _steps(item) > 1]
    each = max(2, math.floor(START_CELLS ** (1 / len(ranged)))) if ranged else 1
    starts = {}
    for item in inputs:
        if item in ranged:
            steps = _steps(item)
            wider = max(1, math.ceil(steps / (each - 1)))
            step = Decimal(str(item["step"])) * wider
            starts[item["name"]] = tuple(_shown(value, item) for value in (item["low"], item["high"], step))
        else:
            starts[item["name"]] = (
                (_shown(item["default"], item), "", "") if item["kind"] in NUMBERS else ("", "", "")
            )
    return starts  # type: ignore[return-value]


def _steps(item: dict[str, Any]) -> int:
    """How many declared steps lie between an input's bounds; 0 where it declares none."""
    if any(item.get(part) is None for part in ("low", "high", "step")):
        return 0
    return int((Decimal(str(item["high"])) - Decimal(str(item["low"]))) / Decimal(str(item["step"])))


def _declared(item: dict[str, Any]) -> str:
    default = _shown(item["default"], item) if item["kind"] in NUMBERS else _text(item["default"])
    unit = " %" if item["kind"] == "percent" else ""
    words = f"default {default}{unit}"
    if item.get("low") is not None and item.get("high") is not None:
        words += f", {_shown(item['low'], item)} to {_shown(item['high'], item)}{unit}"
    return words


def _shown(value: Any, item: dict[str, Any]) -> str:
    """A number as it is written in the form: percentages as such."""
    number = Decimal(str(value))
    return _plain(number * 100 if item["kind"] == "percent" else number)


def _plain(value: Decimal) -> str:
    """Without an exponent or zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
