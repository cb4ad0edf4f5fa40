"""Fixed words of the backtests room."""

from django.db.models import TextChoices

from apps.core.words import gettext_lazy


class Status(TextChoices):
    QUEUED = "queued", gettext_lazy("Queued")
    RUNNING = "running", gettext_lazy("Running")
    DONE = "done", gettext_lazy("Done")
    FAILED = "failed", gettext_lazy("Failed")
    CANCELLED = "cancelled", gettext_lazy("Cancelled")


FINISHED = (Status.DONE, Status.FAILED, Status.CANCELLED)


class TriedBy(TextChoices):
    """What ran a variant, in the ledger of trials."""

    BACKTEST = "backtest", gettext_lazy("Backtest")
    SWEEP = "sweep", gettext_lazy("Sweep")
    WALK_FORWARD = "walkforward", gettext_lazy("Walk-forward")
    PORTFOLIO = "portfoliorun", gettext_lazy("Portfolio")


class Fill(TextChoices):
    NEXT_OPEN = "next_open", gettext_lazy("Next open")
    CLOSE = "close", gettext_lazy("Same close")


class SweepMode(TextChoices):
    GRID = "grid", gettext_lazy("Every combination")
    RANDOM = "random", gettext_lazy("A random draw")


class RankBy(TextChoices):
    """Metrics a sweep may be ranked by: of each, more is better."""

    SHARPE = "sharpe", gettext_lazy("Sharpe ratio")
    TOTAL_RETURN = "total_return", gettext_lazy("Total return")
    CAGR = "cagr", gettext_lazy("CAGR")
    SORTINO = "sortino", gettext_lazy("Sortino ratio")
    CALMAR = "calmar", gettext_lazy("Calmar ratio")
    PROFIT_FACTOR = "profit_factor", gettext_lazy("Profit factor")
    EXPECTANCY = "expectancy", gettext_lazy("Expectancy")
    SQN = "sqn", gettext_lazy("SQN")
