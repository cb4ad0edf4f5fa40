"""The one way from a workspace and an id to its objects: unknown and foreign are both 404."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.core.by_uuid import by_uuid
from apps.trading.models import Book, Discrepancy, Intent, KillSwitch, Order, TradingAccount
from apps.trading.selectors import accounts_of, books_of, discrepancies_of, orders_of


def get_account_for(workspace: Workspace, uuid: UUID | str) -> TradingAccount:
    account = by_uuid(accounts_of(workspace), uuid)
    if account is None:
        raise Http404(gettext("No such account."))
    return account


def get_book_for(workspace: Workspace, uuid: UUID | str) -> Book:
    book = by_uuid(books_of(workspace), uuid)
    if book is None:
        raise Http404(gettext("No such book."))
    return book


def get_order_for(workspace: Workspace, uuid: UUID | str) -> Order:
    try:
        order = orders_of(workspace).filter(Intent.of_uuid(UUID(str(uuid)), "intent__")).first()
    except ValueError:  # no UUID at all
        order = None
    if order is None:
        raise Http404(gettext("No such order."))
    return order


def get_switch_for(workspace: Workspace, uuid: UUID | str) -> KillSwitch:
    """One of the workspace's own; those of staff are not for it to lift."""
    switch = by_uuid(KillSwitch.objects.filter(workspace=workspace).select_related("book"), uuid)
    if switch is None:
        raise Http404(gettext("No such kill switch."))
    return switch


def get_discrepancy_for(workspace: Workspace, uuid: UUID | str) -> Discrepancy:
    found = by_uuid(discrepancies_of(workspace), uuid)
    if found is None:
        raise Http404(gettext("No such discrepancy."))
    return found
