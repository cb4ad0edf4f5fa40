"""Accounts: at which exchanges, with what keys, and whether they agree with the books."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.confirm import confirmed, require_confirmed
from apps.accounts.needs import ALWAYS, needs
from apps.core.errors import DomainError
from apps.core.jobs import enqueue_on_commit
from apps.core.lists import Asked, offered
from apps.markets.selectors import ENOUGH_ORDERS
from apps.trading.access import get_account_for, get_discrepancy_for
from apps.trading.brokers.exchanges import EXCHANGES
from apps.trading.choices import AccountState
from apps.trading.forms.accounts import ConnectForm, FreezeForm, KeysForm
from apps.trading.lists import ACCOUNTS, DIFFERENCES
from apps.trading.models import TradingAccount
from apps.trading.rules.amounts import ZERO
from apps.trading.selectors import (
    accounts_of,
    books_of,
    discrepancies_of,
    holdings_of,
    key_uses_of,
    slippage_of_account,
    sync_of,
)
from apps.trading.services.exchange import (
    connect_account,
    freeze_account,
    resolve_discrepancy,
    rotate_keys,
    unfreeze_account,
)
from apps.trading.services.exchange.speaking import circuit_of

SHOWN = 10  # differences on the page of an account; all of them stand on a page of their own


@needs("trading.view")
@require_GET
def account_list(request: HttpRequest) -> HttpResponseBase:
    open_ones = discrepancies_of(request.workspace).filter(resolved_at=None)
    counts: dict[int, int] = {}
    for found in open_ones:
        counts[found.account_id] = counts.get(found.account_id, 0) + 1
    asked = Asked(ACCOUNTS, request)
    accounts = asked.chosen(accounts_of(request.workspace), q=("name__icontains", "exchange__icontains"))
    return asked.answer(
        accounts,
        "trading/account_list.html",
        lambda shown: {"rows": [(account, counts.get(account.pk, 0)) for account in shown]},
    )


@needs("trading.accounts")
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def account_connect(request: HttpRequest) -> HttpResponse:
    """Keys of an exchange; they are checked before anything is sent with them."""
    form = ConnectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            account = connect_account(
                request.workspace,
                name=values["name"],
                exchange=values["exchange"],
                currency=values["currency"],
                is_testnet=values["is_testnet"],
                freeze_on_foreign=values["freeze_on_foreign"],
                actor=request.user,
                **form.keys(),
            )
        except DomainError as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, gettext("The keys are being checked."))
            return redirect("trading:account-detail", account.uuid)
    context = {"form": form, "exchanges": EXCHANGES.values()}
    return render(request, "trading/account_connect.html", context, status=422 if form.errors else 200)


@needs("trading.view")
@require_GET
def account_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    account = get_account_for(request.workspace, uuid)
    sync = sync_of(account)
    books = books_of(request.workspace).filter(account=account)
    discrepancies = list(discrepancies_of(request.workspace, account)[: SHOWN + 1])
    context = {
        "account": account,
        "exchange": EXCHANGES.get(account.exchange),
        "books": offered(books),
        "cash": books.aggregate(cash=Sum("cash"))["cash"] or ZERO,
        "sync": sync,
        "holdings": holdings_of(sync),
        "discrepancies": discrepancies[:SHOWN],
        "has_more": len(discrepancies) > SHOWN,
        "key_uses": [] if account.is_paper else key_uses_of(account),
        "slippage": slippage_of_account(account),
        "enough_orders": ENOUGH_ORDERS,
        "circuit": None if account.is_paper else circuit_of(account).look(),
        "freeze_form": FreezeForm(),
    }
    return render(request, "trading/account_detail.html", context)


@needs("trading.view", writing="trading.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def account_differences(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Every difference between the account and the books; a POST says that those that are chosen were looked at."""
    account = _at_exchange(request, uuid)
    asked = Asked(DIFFERENCES, request)
    rows = discrepancies_of(request.workspace, account)
    if request.method == "POST":
        return asked.act(rows)
    rows = asked.chosen(rows, kind="kind")
    if asked["state"]:
        rows = rows.filter(resolved_at__isnull=asked["state"] == "open")
    return asked.answer(rows, "trading/account_differences.html", {"account": account})


@needs("trading.accounts")
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def account_keys(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """New keys; the ones in force serve until these are found good."""
    account = _at_exchange(request, uuid)
    form = KeysForm(request.POST or None, exchange=account.exchange)
    if request.method == "POST" and form.is_valid():
        rotate_keys(account, actor=request.user, **form.keys())
        messages.success(request, gettext("The new keys are being checked."))
        return redirect("trading:account-detail", account.uuid)
    context = {"account": account, "exchange": EXCHANGES[account.exchange], "form": form}
    return render(request, "trading/account_keys.html", context, status=422 if form.errors else 200)


@needs("trading.accounts")
@require_POST
def account_check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    account = _at_exchange(request, uuid)
    enqueue_on_commit("trading.check_account", account_id=account.pk)
    messages.success(request, gettext("The exchange is being asked what the keys may do."))
    return redirect("trading:account-detail", account.uuid)


@needs("trading.accounts", plan=ALWAYS)
@require_POST
def account_freeze(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """At once and without a question: whoever freezes is in a hurry."""
    account = _at_exchange(request, uuid)
    form = FreezeForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    freeze_account(
        account, reason=reason or gettext("Frozen by {user}.").format(user=request.user), actor=request.user
    )
    messages.success(
        request, gettext("No order leaves any more. Delete the keys at the exchange if somebody has them.")
    )
    return redirect("trading:account-detail", account.uuid)


@needs("trading.accounts")
@require_POST
def account_unfreeze(request: HttpRequest, uuid: UUID) -> HttpResponse:
    account = _at_exchange(request, uuid)
    require_confirmed(request)
    if account.state == AccountState.FROZEN:
        unfreeze_account(account, actor=request.user)
        messages.success(request, gettext("The keys are being checked; then orders leave again."))
    return redirect("trading:account-detail", account.uuid)


@needs("trading.manage")
@require_POST
def discrepancy_resolve(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_discrepancy_for(request.workspace, uuid)
    resolve_discrepancy(found, actor=request.user)
    return redirect("trading:account-detail", found.account.uuid)


def _at_exchange(request: HttpRequest, uuid: UUID) -> TradingAccount:
    account = get_account_for(request.workspace, uuid)
    if account.is_paper:
        raise Http404(gettext("A paper account has no keys."))
    return account
