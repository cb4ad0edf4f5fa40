"""What can be wrong with an order, a book or a limit, in words for the caller."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError
from apps.core.words import gettext_lazy


class OrderRefused(DomainError):
    """The risk checks refused an order that a person asked for; `code` is the check's name."""

    code = "order_refused"
    status = 422
    title = gettext_lazy("The order was refused")


class OrderNotOpen(Conflict):
    code = "order_not_open"
    title = gettext_lazy("The order is over")


class BookNotFlat(Conflict):
    code = "book_not_flat"
    title = gettext_lazy("The book still holds a position or an order")


class NotEnoughCash(DomainError):
    code = "not_enough_cash"
    status = 422
    title = gettext_lazy("There is not so much cash")


class WrongLimit(DomainError):
    code = "limit_invalid"
    status = 422
    title = gettext_lazy("This limit cannot be one")


class SwitchOff(Conflict):
    code = "switch_lifted"
    title = gettext_lazy("The kill switch is lifted already")


class UnknownExchange(DomainError):
    code = "exchange_unknown"
    status = 422
    title = gettext_lazy("This exchange cannot be connected")


class AccountNameTaken(Conflict):
    code = "account_name_taken"
    title = gettext_lazy("There is an account of this name")


class NotAtExchange(Conflict):
    code = "account_not_at_exchange"
    title = gettext_lazy("This account trades on paper")


class WrongSwitch(DomainError):
    code = "kill_switch_invalid"
    status = 422
    title = gettext_lazy("This kill switch cannot be one")
