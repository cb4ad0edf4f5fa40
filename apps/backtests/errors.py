"""Refusals of the backtests room."""

from apps.core.errors import DomainError
from apps.core.words import gettext_lazy


class CannotBacktest(DomainError):
    """422: formula, data and parameters are each fine but cannot make a run together."""

    code = "cannot_backtest"
    status = 422
    title = gettext_lazy("This cannot be backtested")


class NotReady(DomainError):
    code = "not_ready"
    status = 409
    title = gettext_lazy("The backtest has no result yet")


class CannotCompare(DomainError):
    """422: these runs cannot stand side by side."""

    code = "cannot_compare"
    status = 422
    title = gettext_lazy("These runs cannot be compared")
