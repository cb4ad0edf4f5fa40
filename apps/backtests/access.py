"""The one way from a workspace and an id to a piece of research."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.backtests.models import Backtest, PortfolioRun, Sweep, Trial, WalkForward
from apps.backtests.selectors import backtests_of, portfolios_of, sweeps_of, walk_forwards_of
from apps.formulas.selectors import formulas_of


def get_backtest_for(workspace: Workspace, uuid: UUID | str) -> Backtest:
    """Raises Http404 for an unknown backtest and for one of another workspace alike."""
    backtest = backtests_of(workspace).defer(None).filter(uuid=uuid).first()
    if backtest is None:
        raise Http404(gettext("No such backtest."))
    return backtest


def get_backtests_for(workspace: Workspace, uuids: Sequence[UUID]) -> list[Backtest]:
    """Each once, in the order asked for. Raises Http404 where any is unknown or another workspace's."""
    wanted = list(dict.fromkeys(uuids))
    found = {backtest.uuid: backtest for backtest in backtests_of(workspace).filter(uuid__in=wanted)}
    if len(found) < len(wanted):
        raise Http404(gettext("No such backtest."))
    return [found[uuid] for uuid in wanted]


def get_sweep_for(workspace: Workspace, uuid: UUID | str) -> Sweep:
    """Raises Http404 for an unknown sweep and for one of another workspace alike."""
    sweep = sweeps_of(workspace).filter(uuid=uuid).first()
    if sweep is None:
        raise Http404(gettext("No such sweep."))
    return sweep


def get_lineage_for(workspace: Workspace, uuid: UUID) -> UUID:
    """The lineage, where the workspace has the formula or ran variants of it. Raises Http404 for any other."""
    known = (
        formulas_of(workspace).filter(uuid=uuid).exists()
        or backtests_of(workspace).filter(lineage=uuid).exists()
        or Trial.objects.filter(workspace=workspace.uuid, lineage=uuid).exists()
    )
    if not known:
        raise Http404(gettext("No such formula."))
    return uuid


def get_walk_forward_for(workspace: Workspace, uuid: UUID | str) -> WalkForward:
    """Raises Http404 for an unknown walk-forward and for one of another workspace alike."""
    walk_forward = walk_forwards_of(workspace).filter(uuid=uuid).first()
    if walk_forward is None:
        raise Http404(gettext("No such walk-forward."))
    return walk_forward


def get_portfolio_for(workspace: Workspace, uuid: UUID | str) -> PortfolioRun:
    """Raises Http404 for an unknown portfolio and for one of another workspace alike."""
    run = portfolios_of(workspace).filter(uuid=uuid).first()
    if run is None:
        raise Http404(gettext("No such portfolio."))
    return run
