"""The forms that ask for a portfolio: the conditions all legs share, and a small form for each leg."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.backtests.forms.costs import CostsForm
from apps.backtests.services import LegRequest, PortfolioRequest
from apps.core.errors import DomainError
from apps.core.lists import offered
from apps.core.words import gettext_lazy
from apps.engine.lang import check
from apps.engine.portfolio.spec import MOST_LEGS
from apps.formulas.models import Formula
from apps.formulas.selectors import formulas_of
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets

REBALANCING = (
    ("none", gettext_lazy("Never: weights count at entries")),
    ("daily", gettext_lazy("Every day")),
    ("weekly", gettext_lazy("Every week")),
    ("monthly", gettext_lazy("Every month")),
    ("threshold", gettext_lazy("When a share drifts off its weight")),
)
_PAIR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*([^,;=]+?)\s*")


class LegChoices:
    """The formulas and markets a leg may have, read once for all legs of a page: as many as a menu holds, and those
    whose ids are `given`."""

    def __init__(self, workspace: Workspace, given: Iterable[str] = ()) -> None:
        given = list(given)
        formulas = offered(formulas_of(workspace).filter(archived_at=None), *given)
        self.formulas: dict[str, Formula] = {str(each.uuid): each for each in formulas}
        bar_sets = offered(visible_bar_sets(workspace), *given)
        self.bar_sets: dict[str, BarSet] = {str(each.uuid): each for each in bar_sets}
        self.formula_choices = [
            ("", gettext("Buy and hold")),
            *((uuid, each.name) for uuid, each in self.formulas.items()),
        ]
        self.bar_set_choices = [(uuid, str(each)) for uuid, each in self.bar_sets.items()]
        self._defaults: dict[str, str] = {}

    def defaults_of(self, formula: str) -> str:
        """A formula's inputs with their defaults, as a leg's field has them."""
        if formula not in self.formulas:
            return ""
        if formula not in self._defaults:
            found = check(self.formulas[formula].text).inputs or []
            self._defaults[formula] = ", ".join(f"{spec.name}={_text(spec.default)}" for spec in found)
        return self._defaults[formula]


class LegForm(forms.Form):
    """One leg. Inputs are written as `fast=9, slow=21`; those left out keep their defaults."""

    formula = forms.ChoiceField(required=False, label=gettext_lazy("Formula"))
    bar_set = forms.ChoiceField(label=gettext_lazy("Market"))
    weight = forms.DecimalField(
        min_value=Decimal("0.0001"), max_value=100, decimal_places=4, label=gettext_lazy("Weight, %"),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )  # fmt: skip
    inputs = forms.CharField(required=False, max_length=500, label=gettext_lazy("Inputs"))

    def __init__(self, *args: Any, choices: LegChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self.fields["formula"].choices = choices.formula_choices  # type: ignore[attr-defined]
        self.fields["bar_set"].choices = choices.bar_set_choices  # type: ignore[attr-defined]
        defaults = choices.defaults_of(str(self["formula"].value() or ""))
        self.fields["inputs"].widget.attrs["placeholder"] = defaults or "none"

    def clean_inputs(self) -> dict[str, str]:
        given: dict[str, str] = {}
        for part in re.split(r"[,;]", self.cleaned_data["inputs"]):
            found = _PAIR.fullmatch(part)
            if found:
                given[found[1]] = found[2]
            elif part.strip():
                raise forms.ValidationError(
                    gettext("Write inputs as fast=9, slow=21; “{strip}” is not one.").format(
                        strip=part.strip()
                    )
                )
        return given

    def to_request(self) -> LegRequest:
        values = self.cleaned_data
        bar_set = self.choices.bar_sets[values["bar_set"]]
        weight = float(values["weight"] / 100)
        formula = self.choices.formulas.get(values["formula"])
        if formula is None:
            return LegRequest(bar_set=bar_set, weight=weight)
        return LegRequest(
            bar_set=bar_set,
            weight=weight,
            text=formula.text,
            name=formula.name,
            formula=formula,
            inputs=values["inputs"],
        )


class PortfolioForm(CostsForm):
    """The conditions all legs share."""

    name = forms.CharField(max_length=120, initial="Portfolio", label=gettext_lazy("Name"))
    rebalance = forms.ChoiceField(choices=REBALANCING, initial="none", label=gettext_lazy("Rebalancing"))
    threshold = forms.DecimalField(
        initial=Decimal(5), min_value=Decimal("0.01"), max_value=Decimal("99.99"), decimal_places=4,
        required=False, label=gettext_lazy("Drift, % of equity"), help_text=gettext_lazy("For rebalancing on drift"),
    )  # fmt: skip
    timezone = forms.CharField(
        required=False,
        max_length=50,
        label=gettext_lazy("Days begin in"),
        help_text=gettext_lazy("Empty: the time zone of the bars"),
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Europe/Berlin")}),
    )

    def clean_timezone(self) -> str:
        zone: str = self.cleaned_data["timezone"].strip()
        if zone and zone not in available_timezones():
            raise forms.ValidationError(
                gettext("There is no time zone “{zone}”; Europe/Berlin is one.").format(zone=zone)
            )
        return zone

    def to_request(self, legs: list[LegForm]) -> PortfolioRequest:
        values = self.cleaned_data
        return PortfolioRequest(
            legs=[leg.to_request() for leg in legs],
            name=values["name"],
            rebalance=values["rebalance"],
            threshold=float((values["threshold"] or Decimal(5)) / 100),
            timezone=values["timezone"],
            **self.costs(),
        )

    @property
    def condition_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "rebalance", "threshold", "timezone")]


Row = dict[str, str]
FIELDS = ("formula", "bar_set", "weight", "inputs")


def rows_of(data: Any) -> list[Row]:
    """The legs as they were sent, in their order; `legs` says how many there are."""
    count = data.get("legs", "0")
    most = min(int(count), MOST_LEGS) if count.isdigit() and len(count) < 4 else 0
    return [{name: data.get(f"leg-{place}-{name}", "") for name in FIELDS} for place in range(most)]


def changed_rows(rows: list[Row], deed: str, data: Any, choices: LegChoices) -> list[Row]:
    """The legs after a button: `add`, `remove-PLACE`, `equal`, or `spread` (one formula over the markets chosen)."""
    if deed == "add" and len(rows) < MOST_LEGS:
        last = rows[-1] if rows else {"formula": "", "inputs": ""}
        taken = {row["bar_set"] for row in rows}
        free = next((uuid for uuid, _ in choices.bar_set_choices if uuid not in taken), "")
        return [*rows, {**last, "bar_set": free or last.get("bar_set", ""), "weight": ""}]
    if deed.startswith("remove-"):
        return [row for place, row in enumerate(rows) if str(place) != deed.removeprefix("remove-")]
    if deed == "equal":
        return equal_weights(rows)
    if deed == "spread":
        chosen = [uuid for uuid in data.getlist("spread_bar_sets") if uuid in choices.bar_sets]
        formula = data.get("spread_formula", "")
        kept = [row for row in rows if row["weight"] or row["inputs"]]
        added = [{"formula": formula, "bar_set": uuid, "weight": "", "inputs": ""} for uuid in chosen]
        return equal_weights([*kept, *added][:MOST_LEGS]) if chosen else rows
    return rows


def equal_weights(rows: list[Row]) -> list[Row]:
    if not rows:
        return rows
    each = (Decimal(100) / len(rows)).quantize(Decimal("0.0001"), rounding="ROUND_DOWN")
    return [{**row, "weight": f"{each.normalize():f}"} for row in rows]


def weight_sum(rows: list[Row]) -> Decimal:
    """What the weights that are numbers add up to, in percent."""
    total = Decimal(0)
    for row in rows:
        try:
            value = Decimal(row["weight"] or 0)
        except ArithmeticError:
            continue
        total += value if value.is_finite() else 0
    return total


def put_error(form: PortfolioForm, legs: list[LegForm], error: DomainError) -> None:
    """A refusal at its field: `legs.PLACE.name` is one of a leg."""
    parts = (error.field or "").split(".")
    if len(parts) == 3 and parts[1].isdigit() and int(parts[1]) < len(legs):
        leg = legs[int(parts[1])]
        leg.add_error(parts[2] if parts[2] in leg.fields else None, error.message)
        return
    form.add_error(error.field if error.field in form.fields else None, error.message)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
