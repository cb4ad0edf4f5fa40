"""What research holds about people and workspaces."""

from apps.core.privacy import holds
from apps.core.words import gettext_noop

RESULT = ("result_path", "trades_path", "equity_path")

holds(
    "backtests.Backtest",
    gettext_noop("Backtests and their results"),
    workspace="workspace_id",
    mentions=("created_by",),
    files=RESULT,
    folder="backtests/{uuid}",
)
holds(
    "backtests.Sweep",
    gettext_noop("Sweeps and their results"),
    workspace="workspace_id",
    mentions=("created_by",),
    files=("result_path", "cells_path"),
    folder="sweeps/{uuid}",
)
holds("backtests.SweepMarket", gettext_noop("The markets of sweeps"), workspace="sweep__workspace_id")
holds("backtests.SweepChunk", gettext_noop("The parts sweeps were done in"), workspace="workspace_id")
holds(
    "backtests.WalkForward",
    gettext_noop("Walk-forwards and their results"),
    workspace="workspace_id",
    mentions=("created_by",),
    files=RESULT,
    folder="walk-forwards/{uuid}",
)
holds(
    "backtests.PortfolioRun",
    gettext_noop("Portfolios and their results"),
    workspace="workspace_id",
    mentions=("created_by",),
    files=(*RESULT, "daily_path"),
    folder="portfolios/{uuid}",
)
holds("backtests.PortfolioLeg", gettext_noop("The parts of portfolios"), workspace="run__workspace_id")
holds(
    "backtests.Trial",
    gettext_noop("The trial ledger: every variant that was ever tried"),
    workspace_uuid="workspace",
    stays=gettext_noop(
        "Forks of a formula count what was tried on it, also when the formula is gone: a count that could be lowered "
        "would let luck pass for skill. A row holds hashes, figures and random numbers that name nothing any more."
    ),
)
