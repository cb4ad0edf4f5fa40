"""The form that asks for a walk-forward: ranges to choose from, a market, how the folds lie, and costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms

from apps.accounts.models import Workspace
from apps.backtests.figures import label_of
from apps.backtests.forms.axes import AxesForm
from apps.backtests.services import WalkForwardRequest, plan_walk_forward
from apps.backtests.services.walk_forward_plan import WalkForwardPlan
from apps.core.errors import DomainError
from apps.core.menus import Menu
from apps.core.words import gettext_lazy
from apps.engine.walk_forward import METRICS, WalkForwardSpec
from apps.engine.walk_forward.spec import MOST_FOLDS
from apps.formulas.models import Formula
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets

MODES = (
    ("rolling", gettext_lazy("Rolling: the same length each time")),
    ("anchored", gettext_lazy("Anchored: all from the first bar")),
)


class WalkForwardForm(AxesForm):
    """Ranges as in AxesForm, the market and the layout of the folds; lengths are in bars."""

    START_CELLS: ClassVar[int] = 100

    bar_set = Menu(
        queryset=BarSet.objects.none(),
        by=("instrument__symbol",),
        label=gettext_lazy("Market"),
        to_field_name="uuid",
    )
    folds = forms.IntegerField(initial=5, min_value=1, max_value=MOST_FOLDS, label=gettext_lazy("Folds"))
    mode = forms.ChoiceField(choices=MODES, initial="rolling", label=gettext_lazy("Training spans"))
    train_share = forms.DecimalField(
        initial=Decimal(75),
        min_value=1,
        max_value=99,
        decimal_places=2,
        label=gettext_lazy("Training's part of a fold, %"),
    )
    purge_bars = forms.IntegerField(
        required=False,
        min_value=0,
        label=gettext_lazy("Purge, bars"),
        help_text=gettext_lazy("Empty: the longest look-back"),
    )
    embargo_bars = forms.IntegerField(
        initial=0,
        min_value=0,
        required=False,
        label=gettext_lazy("Embargo, bars"),
        help_text=gettext_lazy("After each test"),
    )
    metric = forms.ChoiceField(
        choices=lambda: [(name, label_of(name)) for name in METRICS],
        initial="sharpe",
        label=gettext_lazy("Choose by"),
    )

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
        self.plan: WalkForwardPlan | None = None
        bar_sets = visible_bar_sets(workspace)
        self.fields["bar_set"].queryset = bar_sets  # type: ignore[attr-defined]
        self.fields["bar_set"].initial = getattr(bar_sets.first(), "uuid", None)
        self.add_axes(inputs, axes)

    def clean(self) -> dict[str, Any]:
        """The whole question is tried on, so that every refusal stands at its field before anything is stored."""
        values = super().clean()
        if self.errors:
            return values
        try:
            self.plan = plan_walk_forward(self.to_request())
        except DomainError as error:
            self.add_error(self._field_of(error.field), error.message)
        return values

    def to_request(self) -> WalkForwardRequest:
        values = self.cleaned_data
        return WalkForwardRequest(
            text=self.formula.text,
            name=self.formula.name,
            formula=self.formula,
            bar_set=values["bar_set"],
            axes=self.axes(),
            spec=WalkForwardSpec(
                folds=values["folds"],
                mode=values["mode"],
                train_share=float(values["train_share"] / 100),
                purge_bars=values["purge_bars"],
                embargo_bars=values["embargo_bars"] or 0,
                metric=values["metric"],
            ),
            **self.costs(),
        )

    @property
    def layout_fields(self) -> list[forms.BoundField]:
        names = ("folds", "train_share", "purge_bars", "embargo_bars", "mode", "metric")
        return [self[name] for name in names]
