"""API keys: the list, a new one, the end of one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.accounts.forms import ApiKeyForm
from apps.accounts.needs import needs
from apps.accounts.selectors import live_keys
from apps.accounts.services import create_api_key, revoke_api_key
from apps.core.once import keep_once, take_once


@needs("keys.use")
@never_cache
def api_keys(request: HttpRequest) -> HttpResponse:
    """The list; a POST makes a key, whose secret the page after it shows this once."""
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _, secret = create_api_key(request.workspace, name=form.cleaned_data["name"], actor=request.user)
        keep_once(request, "api_key", secret)
        return redirect("accounts:api-keys")
    secret = take_once(request, "api_key")
    keys = live_keys(request.workspace)
    return render(request, "accounts/api_keys.html", {"form": form, "secret": secret, "keys": keys})


@needs("keys.use")
@require_POST
def api_key_revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    revoke_api_key(get_object_or_404(live_keys(request.workspace), uuid=uuid), actor=request.user)
    messages.success(request, "The key no longer works.")
    return redirect("accounts:api-keys")
