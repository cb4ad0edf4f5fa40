"""What research holds about people and workspaces."""

from apps.core.privacy import holds

RESULT = ("result_path", "trades_path", "equity_path")

holds(
    "backtests.Backtest",
    "Backtests and their results",
    workspace="workspace_id",
    mentions=("created_by",),
    files=RESULT,
    folder="backtests/{uuid}",
)
holds(
    "backtests.Sweep",
    "Sweeps and their results",
    workspace="workspace_id",
    mentions=("created_by",),
    files=("result_path", "cells_path"),
    folder="sweeps/{uuid}",
)
holds("backtests.SweepMarket", "The markets of sweeps", workspace="sweep__workspace_id")
holds("backtests.SweepChunk", "The parts sweeps were done in", workspace="workspace_id")
holds(
    "backtests.WalkForward",
    "Walk-forwards and their results",
    workspace="workspace_id",
    mentions=("created_by",),
    files=RESULT,
    folder="walk-forwards/{uuid}",
)
holds(
    "backtests.PortfolioRun",
    "Portfolios and their results",
    workspace="workspace_id",
    mentions=("created_by",),
    files=(*RESULT, "daily_path"),
    folder="portfolios/{uuid}",
)
holds("backtests.PortfolioLeg", "The parts of portfolios", workspace="run__workspace_id")
holds(
    "backtests.Trial",
    "The trial ledger: every variant that was ever tried",
    workspace_uuid="workspace",
    stays="Forks of a formula count what was tried on it, also when the formula is gone: a count that could be lowered "
    "would let luck pass for skill. A row holds hashes, figures and random numbers that name nothing any more.",
)
