"""An instrument's tick, lot and minimum: who may change them, and that backtests heed them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from apps.backtests.selectors import trades_of
from apps.backtests.services import run_backtest, submit_backtest
from apps.journal.models import Entry
from apps.markets.models import Instrument

STEPS = {"tick_size": "0.5", "lot_size": "10", "min_size": "0", "min_notional": "0"}
FORM = {"name": "Wave", "asset_class": "other", "currency": "USD"}


def test_fills_lie_on_the_grid_after_a_change_in_the_form(web, workspace, user, question, bar_set):
    instrument = bar_set.instrument
    answer = web.post(reverse("markets:instrument-edit", args=[instrument.uuid]), FORM | STEPS)
    assert answer.status_code == 302
    question.bar_set.instrument.refresh_from_db()
    backtest, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    trades = trades_of(backtest)
    assert trades.height > 3
    assert (trades["entry_price"] * 2 % 1 == 0).all()
    assert (trades["size"] % 10 == 0).all()
    entry = Entry.objects.get(action="markets.instrument.changed")
    assert entry.changes["tick_size"] == ["0", "0.5"]


def test_another_step_is_another_question(web, workspace, user, question):
    first, _ = submit_backtest(workspace, question, actor=user)
    question.bar_set.instrument.tick_size = Decimal("0.25")
    second, is_new = submit_backtest(workspace, question, actor=user)
    assert is_new
    assert second.pk != first.pk


@pytest.mark.parametrize("wrong", ["-1", "abc", "NaN", ""])
def test_a_wrong_step_is_named_at_its_field_and_nothing_is_kept(web, api, bar_set, wrong):
    url = reverse("markets:instrument-edit", args=[bar_set.instrument.uuid])
    answer = web.post(url, FORM | STEPS | {"tick_size": wrong})
    assert answer.status_code == 422
    assert "tick_size" in answer.context["form"].errors
    by_program = api.patch(
        f"/api/v1/instruments/{bar_set.instrument.uuid}/", {"tick_size": wrong}, headers={"If-Match": "*"}
    )
    assert by_program.status_code == 400
    assert Instrument.objects.get(pk=bar_set.instrument.pk).tick_size == 0


def test_by_program(api, bar_set):
    url = f"/api/v1/instruments/{bar_set.instrument.uuid}/"
    assert (
        api.patch(url, {"lot_size": "0.001"}, format="json", headers={"If-Match": "*"}).json()["lot_size"]
        == "0.001000000000"
    )
    assert (
        api.patch(url, {"symbol": "OTHER"}, format="json", headers={"If-Match": "*"}).json()["symbol"]
        == "WAVE"
    )


def test_shared_instruments_stay_as_they_are(web, api, workspace):
    shared = Instrument.objects.create(symbol="SHARED")
    web.post(reverse("markets:instrument-edit", args=[shared.uuid]), FORM | STEPS)
    answer = api.patch(
        f"/api/v1/instruments/{shared.uuid}/", {"tick_size": "1"}, format="json", headers={"If-Match": "*"}
    )
    assert answer.status_code == 403
    shared.refresh_from_db()
    assert shared.tick_size == 0
