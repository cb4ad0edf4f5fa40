"""Every variant counts once, for ever, and for those who come after."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction

from apps.backtests.models import Trial
from apps.backtests.selectors import trials_of
from apps.backtests.services import delete_backtest, run_backtest, submit_backtest
from apps.formulas.models import Formula
from apps.formulas.services import fork_formula
from tests.factories import FormulaFactory


def _run(workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert backtest.status == "done", backtest.error
    return backtest


@pytest.fixture
def formula(workspace) -> Formula:
    return FormulaFactory(workspace=workspace)


@pytest.fixture
def asked(question, formula):
    return replace(question, formula=formula, text=formula.text)


def test_each_distinct_run_is_one_trial_and_deleting_it_takes_nothing_back(workspace, asked, user, formula):
    runs = [
        _run(workspace, replace(asked, cash=cash, fee=fee), user)
        for cash, fee in [(1e4, 0.001), (1e4, 0.002)]
    ]
    delete_backtest(runs[0], actor=user)
    _run(workspace, replace(asked, cash=1e4, fee=0.001), user)  # the same again is no new trial
    assert trials_of(formula.uuid).count == 2


def test_the_spread_of_what_was_tried_is_that_of_its_sharpe_ratios(workspace, asked, user, formula):
    for fee in (0.0, 0.001, 0.004):
        _run(workspace, replace(asked, fee=fee), user)
    ratios = list(Trial.objects.filter(lineage=formula.uuid).values_list("sharpe", flat=True))
    assert len(set(ratios)) == 3
    assert trials_of(formula.uuid).sharpe_variance == pytest.approx(statistics.variance(ratios), rel=1e-9)


def test_a_fork_inherits_what_was_tried_before_it_and_nothing_after(workspace, asked, user, formula):
    _run(workspace, asked, user)
    fork = fork_formula(formula, workspace=workspace, actor=user)
    _run(workspace, replace(asked, fee=0.002), user)  # on the ancestor, later
    _run(workspace, replace(asked, formula=fork, fee=0.003), user)
    grandchild = fork_formula(fork, workspace=workspace, actor=user)
    assert trials_of(formula.uuid).count == 2
    assert trials_of(fork.uuid).count == 2
    assert trials_of(grandchild.uuid).count == 2


def test_a_variant_run_again_in_the_fork_is_still_one(workspace, asked, user, formula):
    _run(workspace, asked, user)
    fork = fork_formula(formula, workspace=workspace, actor=user)
    Trial.objects.create(
        lineage=fork.uuid,
        workspace=workspace.uuid,
        source="sweep",
        engine_version="0",
        **Trial.objects.values("formula_hash", "data_hash", "parameters_hash", "sharpe", "periods").get(),
    )
    assert trials_of(fork.uuid).count == 1


def test_the_database_refuses_to_change_or_remove_a_trial(workspace, asked, user):
    _run(workspace, asked, user)
    for change in (lambda rows: rows.update(sharpe=9.0), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
            change(Trial.objects.all())


def test_a_lineage_nobody_ran_is_empty(formula):
    assert (trials_of(formula.uuid).count, trials_of(formula.uuid).sharpe_variance) == (0, None)
