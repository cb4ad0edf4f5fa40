"""Backtests assume the slippage that the workspace's own orders measured, where nobody gives another, and say so."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.backtests.models import Backtest
from apps.formulas.models import Formula
from apps.formulas.services import create_formula
from apps.markets.models import MeasuredCost
from tests.factories import CROSS


@pytest.fixture
def formula(workspace, user) -> Formula:
    return create_formula(workspace, name="Cross", text=CROSS, actor=user)


@pytest.fixture
def measured(workspace, bar_set) -> MeasuredCost:
    now = timezone.now()
    return MeasuredCost.objects.create(
        workspace=workspace,
        instrument=bar_set.instrument,
        slippage_bps=Decimal("3.4"),
        error_bps=Decimal("0.6"),
        orders=42,
        since=now,
        until=now,
        measured_at=now,
    )


def asked(web, formula, bar_set, slippage: str) -> Backtest:
    """A backtest as the form asks for it."""
    values = {"bar_set": bar_set.uuid, "cash": "10000", "fee": "0.1", "fill": "next_open", "use_finer": "on"}
    answer = web.post(
        reverse("backtests:backtest-new", args=[formula.uuid]), {**values, "slippage_bps": slippage}
    )
    assert answer.status_code == 302, answer.content.decode()
    return Backtest.objects.order_by("-pk")[0]


def test_an_empty_field_is_what_was_measured(web, formula, bar_set, measured) -> None:
    shown = web.get(reverse("backtests:backtest-new", args=[formula.uuid])).content.decode()
    assert "(WAVE 3.4); elsewhere 2." in shown
    backtest = asked(web, formula, bar_set, "")
    assert backtest.parameters["slippage_bps"] == 3.4
    assert backtest.slippage_from.startswith("Measured from 42 of the workspace's own orders in WAVE until ")
    page = web.get(reverse("backtests:backtest-detail", args=[backtest.uuid])).content.decode()
    assert "measured from your own orders" in page
    given = asked(web, formula, bar_set, "7")
    assert (given.parameters["slippage_bps"], given.slippage_from) == (7.0, "")


def test_too_few_orders_are_not_offered(web, formula, bar_set, measured) -> None:
    MeasuredCost.objects.update(orders=19)
    assert (
        "elsewhere 2" not in web.get(reverse("backtests:backtest-new", args=[formula.uuid])).content.decode()
    )


def test_another_market_is_tested_with_what_the_person_prefers(
    web, formula, bar_set, measured, workspace
) -> None:
    other = bar_set.instrument
    MeasuredCost.objects.update(instrument=type(other).objects.create(workspace=workspace, symbol="OTHER"))
    backtest = asked(web, formula, bar_set, "")
    assert (backtest.parameters["slippage_bps"], backtest.slippage_from) == (2.0, "")


def test_by_program(api, formula, bar_set, measured) -> None:
    question = {"formula": str(formula.uuid), "bar_set": str(bar_set.uuid)}
    told = api.post("/api/v1/backtests/", question, format="json").json()
    assert told["parameters"]["slippage_bps"] == 3.4
    assert "3.40 ± 0.60 bps" in told["slippage_from"]
    zero = api.post("/api/v1/backtests/", {**question, "slippage_bps": 0}, format="json").json()
    assert (zero["parameters"]["slippage_bps"], zero["slippage_from"]) == (0.0, "")
