"""The page that asks who is there before something dangerous is done."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.confirm import confirm_login, confirm_with_passkey
from apps.accounts.errors import ConfirmationFailed, PasskeyRefused, TooManyTries
from apps.accounts.factor_forms import ConfirmForm
from apps.accounts.guards import safe_next
from apps.accounts.models import Passkey
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.services.second_factors import relying_party


@needs(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the password, a code or a passkey; a right answer leads back to where the person came from."""
    back = safe_next(request, reverse("accounts:profile"))
    has_factor = request.user.second_factors_at is not None
    form = ConfirmForm(request.POST or None, has_factor=has_factor)
    status = 200
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            if values.get("passkey"):
                confirm_with_passkey(request, values["passkey"])
            else:
                confirm_login(request, password=values.get("password", ""), code=values.get("code", ""))
        except (ConfirmationFailed, PasskeyRefused, TooManyTries) as error:
            form.add_error(error.field, error.message)
            status = error.status
        else:
            return redirect(back)
    context = {
        "form": form,
        "next": back,
        "has_factor": has_factor,
        "has_passkey": has_factor and Passkey.objects.filter(user=request.user).exists(),
        "passkeys_work": relying_party(request) is not None,
    }
    return render(request, "accounts/confirm.html", context, status=status)
