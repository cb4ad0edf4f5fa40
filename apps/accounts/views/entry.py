"""Pages before the sign-in: the sign-in itself, a link for a browser nobody knows, "this was not me"."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView as AllauthLoginView
from allauth.account.views import email as allauth_email
from allauth.socialaccount.views import connections as allauth_connections
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.confirm import require_confirmed
from apps.accounts.forms import NewBrowserForm
from apps.accounts.models import User
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.services import ask_for_device_link, disown, read_not_me, use_device_link


class LoginView(AllauthLoginView):
    """allauth's, answering 429 with Retry-After when guessing is slowed down."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        slowed = getattr(self.request, "login_slowed", None)
        if slowed:
            response.status_code = slowed.status
            response["Retry-After"] = str(slowed.retry_after)
        return response


@never_cache
def new_browser(request: HttpRequest) -> HttpResponse:
    """Ask for the link; the answer is the same whether or not there is such an account."""
    form = NewBrowserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ask_for_device_link(form.cleaned_data["email"])
        return render(request, "account/new_browser_sent.html")
    return render(request, "account/new_browser.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def new_browser_link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link. Only the button uses it up: scanners that open links do not."""
    if request.method == "GET":
        return render(request, "account/new_browser_link.html")
    if use_device_link(request, token) is None:
        return render(request, "account/new_browser_link.html", {"is_over": True}, status=410)
    messages.success(request, gettext("This browser is known now. Sign in as usual."))
    return redirect("account_login")


@never_cache
@require_http_methods(["GET", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """ "This was not me": ends what the mail told of and starts a new password."""
    found = read_not_me(token)
    if found is None:
        return render(request, "account/not_me.html", {"is_over": True}, status=410)
    if request.method == "POST":
        disown(found)
        return render(request, "account/not_me.html", {"is_done": True})
    return render(request, "account/not_me.html", {"was": found})


@needs(SIGNED_IN)
def email(request: HttpRequest) -> HttpResponse:
    """The address: whoever changes it proves anew who they are, since a link for a new password goes there."""
    if request.method == "POST" and "action_send" not in request.POST:
        require_confirmed(request)
    with transaction.atomic():
        response: HttpResponse = allauth_email(request)
        # allauth takes an address that was never confirmed for an earlier change, and leaves the account without one
        User.objects.filter(pk=request.user.pk, email="").update(email=request.user.email)  # type: ignore[misc,union-attr]
    return response


@needs(SIGNED_IN)
def connections(request: HttpRequest) -> HttpResponse:
    """Accounts elsewhere; to disconnect one, the person proves anew who they are."""
    if request.method == "POST":
        require_confirmed(request)
    response: HttpResponse = allauth_connections(request)
    return response
