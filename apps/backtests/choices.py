"""Fixed words of the backtests room."""

from django.db.models import TextChoices


class Status(TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


FINISHED = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Fill(TextChoices):
    NEXT_OPEN = "next_open", "Next open"
    CLOSE = "close", "Same close"


class SweepMode(TextChoices):
    GRID = "grid", "Every combination"
    RANDOM = "random", "A random draw"


class RankBy(TextChoices):
    """Metrics a sweep may be ranked by: of each, more is better."""

    SHARPE = "sharpe", "Sharpe ratio"
    TOTAL_RETURN = "total_return", "Total return"
    CAGR = "cagr", "CAGR"
    SORTINO = "sortino", "Sortino ratio"
    CALMAR = "calmar", "Calmar ratio"
    PROFIT_FACTOR = "profit_factor", "Profit factor"
    EXPECTANCY = "expectancy", "Expectancy"
    SQN = "sqn", "SQN"
