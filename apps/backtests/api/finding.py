"""What requests for research have in common: their conditions, and the formula and bars they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.models import Workspace
from apps.accounts.needs import require
from apps.backtests.choices import Fill
from apps.core.api.serializers import Serializer
from apps.core.errors import NotFound
from apps.formulas.models import Formula
from apps.formulas.selectors import formulas_of
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets


class ConditionsSerializer(Serializer[dict[str, Any]]):
    """Cash, costs and dates."""

    cash = serializers.FloatField(default=10_000.0, min_value=0.01, max_value=1e12)
    fee = serializers.FloatField(default=0.001, min_value=0, max_value=0.5, help_text="Fraction of each fill")
    slippage_bps = serializers.FloatField(default=0.0, min_value=0, max_value=1000)
    fill = serializers.ChoiceField(choices=Fill.choices, default=Fill.NEXT_OPEN)
    borrow_per_day = serializers.FloatField(
        default=0.0, min_value=0, max_value=0.1, help_text="Of a short's value, a fraction per day"
    )
    funding_per_day = serializers.FloatField(
        default=0.0,
        min_value=-0.1,
        max_value=0.1,
        help_text="Of a position's value, a fraction per day: longs pay it, shorts receive it",
    )
    use_finer = serializers.BooleanField(
        default=True,
        help_text="Let bars of a finer timeframe, where there are any, decide which of stop and target came first",
    )
    start = serializers.DateField(required=False, allow_null=True)
    end = serializers.DateField(required=False, allow_null=True)


def formula_of(request: Request, uuid: UUID | None, field: str = "formula") -> Formula | None:
    """The formula of this uuid, None for none; needs formulas.view. Raises NotFound."""
    if uuid is None:
        return None
    require(request, "formulas.view")
    formula = formulas_of(request.workspace).filter(uuid=uuid).first()  # type: ignore[attr-defined]
    if formula is None:
        raise NotFound(f"There is no formula {uuid} in this workspace.", field=field)
    return formula


def bar_set_of(workspace: Workspace, values: Mapping[str, Any], prefix: str = "") -> BarSet:
    """The bars that `bar_set`, or `symbol` with `timeframe`, name. Raises NotFound."""
    bar_sets = visible_bar_sets(workspace)
    if "bar_set" in values:
        field, what = "bar_set", f"bars {values['bar_set']}"
        bar_sets = bar_sets.filter(uuid=values["bar_set"])
    else:
        field, what = "symbol", f"bars of {values['symbol']}"
        bar_sets = bar_sets.filter(instrument__symbol__iexact=values["symbol"])
        if "timeframe" in values:
            bar_sets = bar_sets.filter(timeframe=values["timeframe"])
            what += f" at {values['timeframe']}"
    found = bar_sets.first()
    if found is None:
        raise NotFound(
            f"There are no {what} here; see /api/v1/bars/.", code="unknown_market", field=prefix + field
        )
    return found
