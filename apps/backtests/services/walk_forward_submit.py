"""Asking for a walk-forward, stopping it, and taking it back."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import WalkForward
from apps.backtests.rules import identity_of
from apps.backtests.selectors import finer_bar_set_for, lineage_of_text
from apps.backtests.services.jobs import cancel, queue, queue_key_of
from apps.backtests.services.storage import delete_folder
from apps.backtests.services.submit import UNFINISHED_OR_DONE, BacktestRequest, needs_finer, submit_backtest
from apps.backtests.services.walk_forward_plan import WalkForwardRequest, conditions_of, plan_walk_forward
from apps.billing.services import reserve
from apps.engine.result import canonical_json
from apps.engine.version import ENGINE_VERSION
from apps.journal.services import record


def submit_walk_forward(
    workspace: Workspace, request: WalkForwardRequest, *, actor: User
) -> tuple[WalkForward, bool]:
    """Store the question and queue it; returns the walk-forward and whether it is new.

    It counts as one backtest of the plan; one that was asked before is answered with what came of it then, at no
    cost. Raises InvalidFormula, CannotBacktest, QuotaExceeded; then nothing is stored.
    """
    plan = plan_walk_forward(request)
    finer = (
        finer_bar_set_for(request.bar_set, workspace)
        if request.use_finer and needs_finer(plan.program)
        else None
    )
    parameters = conditions_of(request)
    layout = asdict(plan.spec)
    identity = identity_of(
        formula_hash=plan.program.formula_hash,
        data_hash=request.bar_set.content_hash + (finer.content_hash if finer else ""),
        start=request.start.isoformat() if request.start else "",
        end=request.end.isoformat() if request.end else "",
        parameters=parameters
        | {
            "walk_forward": layout,
            "settings": hashlib.sha256(canonical_json(plan.settings.settings)).hexdigest(),
        },
        engine=ENGINE_VERSION,
    )
    known = _known(workspace, identity)
    if known:
        return known, False
    settings = len(plan.settings.settings)
    walk_forward = WalkForward(
        workspace=workspace,
        formula=request.formula,
        bar_set=request.bar_set,
        finer_bar_set=finer,
        created_by=actor,
        queue_key=queue_key_of(workspace),
        lineage=request.formula.uuid
        if request.formula
        else lineage_of_text(workspace, plan.program.formula_hash),
        formula_name=request.name,
        formula_text=request.text,
        formula_hash=plan.program.formula_hash,
        data_hash=request.bar_set.content_hash,
        parameters=parameters,
        spec={"axes": request.axes, "settings": settings, **layout},
        start=request.start,
        end=request.end,
        engine_version=ENGINE_VERSION,
        identity=identity,
        work_total=settings * plan.rounds,
    )
    try:
        with transaction.atomic():
            walk_forward.save()
            reserve(workspace, "backtests", key=walk_forward.meter_key)
            record(
                actor=actor,
                workspace=workspace,
                action="backtests.walkforward.submitted",
                target=walk_forward,
                changes={
                    "formula": walk_forward.formula_hash,
                    "data": walk_forward.data_hash,
                    **walk_forward.spec,
                    **parameters,
                },
            )
            queue(walk_forward)
    except IntegrityError:  # the same question came in at the same moment, and won
        known = _known(workspace, identity)
        if known is None:
            raise
        return known, False
    return walk_forward, True


def _known(workspace: Workspace, identity: str) -> WalkForward | None:
    return WalkForward.objects.filter(
        workspace=workspace, identity=identity, status__in=UNFINISHED_OR_DONE
    ).first()


def open_choice(walk_forward: WalkForward, number: int, *, actor: User) -> tuple[Any, bool]:
    """Ask for a backtest of all bars with what fold `number` (from 1) chose; see `submit_backtest`."""
    folds = (walk_forward.summary or {}).get("folds", [])
    if not 1 <= number <= len(folds):
        raise CannotBacktest(
            gettext("There is no fold {number}: they go from 1 to {folds}.").format(
                number=number, folds=len(folds)
            ),
            field="fold",
        )
    inputs = folds[number - 1]["inputs"]
    if inputs is None:
        raise CannotBacktest(
            gettext("Fold {number} chose nothing: no setting qualified in its training.").format(
                number=number
            ),
            field="fold",
        )
    parameters = walk_forward.parameters
    request = BacktestRequest(
        text=walk_forward.formula_text,
        bar_set=walk_forward.bar_set,
        name=walk_forward.formula_name,
        formula=walk_forward.formula,
        cash=parameters["cash"],
        fee=parameters["fee"],
        slippage_bps=parameters["slippage_bps"],
        fill=parameters["fill"],
        borrow_per_day=parameters["borrow_per_day"],
        funding_per_day=parameters.get("funding_per_day", 0.0),
        start=walk_forward.start,
        end=walk_forward.end,
        inputs=inputs,
        use_finer=walk_forward.finer_bar_set_id is not None,
    )
    return submit_backtest(walk_forward.workspace, request, actor=actor)


def cancel_walk_forward(walk_forward: WalkForward, *, actor: User) -> None:
    """Stop a walk-forward at once; one that has ended stays as it is."""
    cancel(walk_forward, actor=actor)


@transaction.atomic
def delete_walk_forward(walk_forward: WalkForward, *, actor: User) -> None:
    """Remove a finished walk-forward and its files. What was tried stays in the trial ledger."""
    if not walk_forward.is_finished:
        raise CannotBacktest(gettext("Cancel the walk-forward before deleting it."), status=409)
    record(
        actor=actor,
        workspace=walk_forward.workspace,
        action="backtests.walkforward.deleted",
        target=walk_forward,
    )
    folder = f"walk-forwards/{walk_forward.uuid}"
    walk_forward.delete()
    transaction.on_commit(lambda: delete_folder(folder))
