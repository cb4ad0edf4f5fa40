"""The one way from a workspace and an id to a backtest."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404

from apps.accounts.models import Workspace
from apps.backtests.models import Backtest
from apps.backtests.selectors import backtests_of


def get_backtest_for(workspace: Workspace, uuid: UUID | str) -> Backtest:
    """Raises Http404 for an unknown backtest and for one of another workspace alike."""
    backtest = backtests_of(workspace).filter(uuid=uuid).first()
    if backtest is None:
        raise Http404("No such backtest.")
    return backtest
