"""Limits and kill switches."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.menus import searched
from apps.trading.access import get_account_for, get_book_for, get_switch_for
from apps.trading.choices import SwitchScope
from apps.trading.forms.risk import LimitsForm, SwitchForm
from apps.trading.lists import LIFTED
from apps.trading.models import Book, TradingAccount
from apps.trading.selectors import accounts_of, books_of, limits_of, switches_of
from apps.trading.services import lift_switch, set_limits, throw_switch

SHOWN = 20  # lifted switches on the page of switches; all of them stand on a page of their own


@needs("trading.view", writing="trading.manage")
def limits(request: HttpRequest) -> HttpResponse:
    """The workspace's own limits, and the way to those of its accounts and books."""
    return _limits(request, None, None)


@needs("trading.view", writing="trading.manage")
def account_limits(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _limits(request, get_account_for(request.workspace, uuid), None)


@needs("trading.view", writing="trading.manage")
def book_limits(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _limits(request, None, get_book_for(request.workspace, uuid))


def _limits(request: HttpRequest, account: TradingAccount | None, book: Book | None) -> HttpResponse:
    stored = list(limits_of(request.workspace))
    own = next((one for one in stored if one.account == account and one.book == book), None)
    form = LimitsForm(request.POST or None, limits=own)
    if request.method == "POST" and form.is_valid():
        set_limits(request.workspace, form.values(), account=account, book=book, actor=request.user)
        messages.success(request, gettext("Limits saved. They hold from the next order on."))
        return redirect(request.path)
    context = {
        "form": form,
        "account": account,
        "book": book,
        "limits_of_account": {one.account_id: one for one in stored if one.account_id},
        "limits_of_book": {one.book_id: one for one in stored if one.book_id},
        "accounts": accounts_of(request.workspace)[: settings.MOST_CHOICES],
        "books": _open_books(request)[: settings.MOST_CHOICES],
        "currency": book.currency if book else account.currency if account else "",
    }
    return render(request, "trading/limits.html", context, status=422 if form.errors else 200)


@needs("trading.view")
@require_GET
def switch_list(request: HttpRequest) -> HttpResponse:
    """`?book=` chooses the bot beforehand."""
    book = request.GET.get("book", "")
    chosen = {"scope": SwitchScope.BOOK, "book": book} if book else None
    return _switches(request, searched(SwitchForm(books=_open_books(request), initial=chosen), request))


@needs("trading.manage")
@require_POST
def switch_throw(request: HttpRequest) -> HttpResponse:
    form = SwitchForm(request.POST, books=_open_books(request))
    if not form.is_valid():
        return _switches(request, form, status=422)
    values = form.cleaned_data
    throw_switch(
        scope=values["scope"],
        reason=values["reason"],
        workspace=request.workspace,
        book=values["book"],
        value=values["value"],
        actor=request.user,
    )
    messages.success(request, gettext("Nothing new is opened there from now on. Closing stays allowed."))
    return redirect("trading:switch-list")


@needs("trading.manage")
@require_POST
def switch_lift(request: HttpRequest, uuid: UUID) -> HttpResponse:
    switch = get_switch_for(request.workspace, uuid)
    try:
        lift_switch(switch, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("The kill switch is lifted."))
    return redirect("trading:switch-list")


def _open_books(request: HttpRequest):  # type: ignore[no-untyped-def]
    return books_of(request.workspace).filter(closed_at=None)


def _switches(request: HttpRequest, form: SwitchForm, status: int = 200) -> HttpResponse:
    switches = switches_of(request.workspace)
    lifted = list(switches.exclude(lifted_at=None)[: SHOWN + 1])
    context = {
        "form": form,
        "on": switches.filter(lifted_at=None),
        "lifted": lifted[:SHOWN],
        "has_more": len(lifted) > SHOWN,
    }
    return render(request, "trading/switches.html", context, status=status)


@needs("trading.view")
@require_GET
def switches_lifted(request: HttpRequest) -> HttpResponseBase:
    """Every kill switch of the workspace that was lifted."""
    asked = Asked(LIFTED, request)
    rows = asked.chosen(
        switches_of(request.workspace).exclude(lifted_at=None),
        q=("reason__icontains", "book__name__icontains", "value__icontains"),
        scope="scope",
    )
    return asked.answer(rows, "trading/switches_lifted.html")
