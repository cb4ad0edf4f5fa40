"""The form that asks for a sweep: a range for each input, markets, costs, and how to choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.backtests.choices import RankBy, SweepMode
from apps.backtests.forms.axes import AxesForm
from apps.backtests.services import SweepRequest, plan_sweep
from apps.backtests.services.sweep_cells import MOST_CELLS
from apps.core.errors import DomainError
from apps.core.menus import Menus
from apps.core.words import gettext_lazy
from apps.formulas.models import Formula
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets


class SweepForm(AxesForm):
    """Ranges as in AxesForm, the markets, and how to search."""

    bar_sets = Menus(
        queryset=BarSet.objects.none(),
        by=("instrument__symbol",),
        label=gettext_lazy("Markets"),
        to_field_name="uuid",
        error_messages={"required": gettext_lazy("Choose at least one market.")},
    )
    mode = forms.ChoiceField(choices=SweepMode.choices, initial=SweepMode.GRID, label=gettext_lazy("Try"))
    count = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_CELLS, initial=200, label=gettext_lazy("Settings to draw")
    )
    seed = forms.IntegerField(
        required=False, initial=1, min_value=0, max_value=2**31 - 1, label=gettext_lazy("Seed")
    )
    metric = forms.ChoiceField(choices=RankBy.choices, initial=RankBy.SHARPE, label=gettext_lazy("Rank by"))

    def __init__(
        self,
        *args: Any,
        workspace: Workspace,
        formula: Formula,
        inputs: list[dict[str, Any]],
        axes: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.formula = formula
        bar_sets = visible_bar_sets(workspace)
        self.fields["bar_sets"].queryset = bar_sets  # type: ignore[attr-defined]
        first = bar_sets.first()
        self.fields["bar_sets"].initial = [first.uuid] if first else []
        self.add_axes(inputs, axes)

    def clean(self) -> dict[str, Any]:
        """The whole question is tried on, so that every refusal stands at its field before anything is stored."""
        values = super().clean()
        if values.get("mode") == SweepMode.RANDOM and not values.get("count") and "count" not in self.errors:
            self.add_error("count", gettext("Say how many settings to draw."))
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
