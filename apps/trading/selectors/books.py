"""Accounts, books, limits and switches of a workspace."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from apps.accounts.models import Workspace
from apps.trading.models import Book, KillSwitch, RiskLimits, TradingAccount


def accounts_of(workspace: Workspace) -> QuerySet[TradingAccount]:
    """With their last comparison with the exchange."""
    accounts = TradingAccount.objects.filter(workspace=workspace).select_related("sync")
    return accounts.order_by("name", "id")


def books_of(workspace: Workspace) -> QuerySet[Book]:
    """Open ones first, then by name."""
    books = Book.objects.filter(workspace=workspace).select_related("account")
    return books.order_by(F("closed_at").asc(nulls_first=True), "name", "id")


def limits_of(workspace: Workspace) -> QuerySet[RiskLimits]:
    """Those of the workspace first, then of accounts, then of books."""
    limits = RiskLimits.objects.filter(workspace=workspace).select_related("account", "book")
    return limits.order_by(F("account").asc(nulls_first=True), F("book").asc(nulls_first=True), "id")


def switches_of(workspace: Workspace) -> QuerySet[KillSwitch]:
    """The workspace's own, newest first, those that are on before; staff's while they are on."""
    switches = KillSwitch.objects.filter(Q(workspace=workspace) | Q(workspace=None, lifted_at=None))
    order = (F("lifted_at").desc(nulls_first=True), "-id")
    return switches.select_related("book", "actor", "lifted_by").order_by(*order)
