"""What forms that vary a formula's inputs have in common: a range for each input, dates and costs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext

from apps.backtests.forms.costs import CostsForm

NUMBERS = ("integer", "number", "percent")
PARTS = ("from", "to", "step")
_RANGE = re.compile(r"(?P<low>\S+?)\.\.(?P<high>\S+?)(?: step (?P<step>\S+))?")


class AxesForm(CostsForm):
    """For an input of numbers the fields `from_NAME`, `to_NAME`, `step_NAME`; for others `values_NAME`.

    An empty `to` holds the input at `from`; percentages are written as such, 5 being 5 %.
    """

    START_CELLS: ClassVar[int] = (
        400  # a first, coarse look: the ranges are prefilled with about so many settings
    )

    def add_axes(self, inputs: list[dict[str, Any]], given: Mapping[str, str] | None = None) -> None:
        """Fields for every input; `given` has values by input as a sweep's axes have them."""
        self.inputs = inputs
        starts = _starts(inputs, self.START_CELLS)
        for item in inputs:
            text = (given or {}).get(item["name"])
            parts = None if text is None else _parts(text)
            self._add_axis(item, parts or starts[item["name"]], text)

    def _add_axis(self, item: dict[str, Any], start: tuple[str, str, str], text: str | None) -> None:
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
        default = _text(item["default"]) if text is None else text
        if choices:
            self.fields[f"values_{name}"] = forms.MultipleChoiceField(
                choices=[(each, each) for each in choices],
                initial=default.split(","),
                label=label,
                widget=forms.CheckboxSelectMultiple,
            )
        else:
            self.fields[f"values_{name}"] = forms.CharField(initial=default, label=label, max_length=200)

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


def _parts(text: str) -> tuple[str, str, str] | None:
    """From, to and step of a written range, or one value held; None for a list, which these fields cannot hold."""
    found = _RANGE.fullmatch(text)
    if found is not None:
        low, high, step = ((found[name] or "").rstrip("%") for name in ("low", "high", "step"))
        return low, high, step
    return None if "," in text else (text.rstrip("%"), "", "")


def _starts(inputs: list[dict[str, Any]], cells: int) -> dict[str, tuple[str, str, str]]:
    """From, to and step of each input of numbers: its declared range in about equally coarse steps."""
    ranged = [item for item in inputs if item["kind"] in NUMBERS and _steps(item) > 1]
    each = max(2, math.floor(cells ** (1 / len(ranged)))) if ranged else 1
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
    if item.get("low") is None or item.get("high") is None:
        return gettext("default {value}").format(value=f"{default}{unit}")
    return gettext("default {value}, {low} to {high}").format(
        value=f"{default}{unit}", low=_shown(item["low"], item), high=f"{_shown(item['high'], item)}{unit}"
    )


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
