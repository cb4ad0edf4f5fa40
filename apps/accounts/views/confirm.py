"""The page that asks who is there before something dangerous is done."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.confirm import confirm_login
from apps.accounts.errors import ConfirmationFailed, TooManyTries
from apps.accounts.guards import safe_next
from apps.accounts.needs import SIGNED_IN, needs


class PasswordForm(forms.Form):
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True})
    )


@needs(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password; a right one leads back to where the person came from."""
    back = safe_next(request, reverse("accounts:profile"))
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            confirm_login(request, password=form.cleaned_data["password"])
        except (ConfirmationFailed, TooManyTries) as error:
            form.add_error("password", error.message)
            status = error.status
        else:
            return redirect(back)
    return render(request, "accounts/confirm.html", {"form": form, "next": back}, status=status)
