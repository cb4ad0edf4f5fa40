"""API keys: the list, a new one, one with its settings and its requests, the next in its place, the end of one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.confirm import confirmed, require_confirmed
from apps.accounts.errors import BadKey, RightMissing
from apps.accounts.key_forms import ApiKeyForm, KeySettingsForm, RotateForm, settings_of
from apps.accounts.lists import API_KEYS, KEY_REQUESTS
from apps.accounts.models import ApiKey
from apps.accounts.needs import ALWAYS, needs
from apps.accounts.rules import RIGHTS
from apps.accounts.selectors import keys_of
from apps.accounts.selectors.key_requests import request_lines
from apps.accounts.services import change_api_key, create_api_key, revoke_api_key, rotate_api_key
from apps.core.lists import Asked
from apps.core.once import keep_once, take_once


@needs("keys.use", plan=ALWAYS)
@require_GET
def api_keys(request: HttpRequest) -> HttpResponseBase:
    """The workspace's keys, or one's own for those who may not see everybody's."""
    now = timezone.now()
    asked = Asked(API_KEYS, request)
    keys = asked.chosen(_visible(request), q=("name__icontains", "prefix__startswith"))
    return asked.answer(
        keys,
        "accounts/api_keys.html",
        lambda shown: {"rows": [(key, key.is_live(now)) for key in shown]},
    )


@needs("keys.use")
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def api_key_new(request: HttpRequest) -> HttpResponse:
    """A form; the page after it shows the secret this once."""
    form = ApiKeyForm(request.POST or None, rights=request.rights)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            key, secret = create_api_key(
                request.workspace,
                name=values["name"],
                scopes=values["scopes"],
                allowed_networks=values["allowed_networks"],
                requests_per_minute=values["requests_per_minute"],
                expires_at=form.expires_at(),
                actor=request.user,
            )
        except BadKey as error:
            form.add_error(error.field, error.message)
        else:
            return _show_once(request, key, secret)
    return render(request, "accounts/api_key_new.html", {"form": form})


@needs("keys.use", plan=(ALWAYS, ""))
@never_cache
@require_http_methods(["GET", "POST"])
def api_key(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """One key and what it was used for; its maker may change name, addresses and limit here."""
    key = get_object_or_404(_visible(request), uuid=uuid)
    form = KeySettingsForm(request.POST or None, initial=settings_of(key))
    if request.method == "POST":
        _require_maker(request, key)
        require_confirmed(request)
        if form.is_valid():
            try:
                change_api_key(key, actor=request.user, **form.cleaned_data)
            except BadKey as error:
                form.add_error(error.field, error.message)
            else:
                messages.success(request, gettext("Key saved."))
                return redirect("accounts:api-key", uuid)
    scopes = [(scope, RIGHTS[scope][0], scope in request.rights) for scope in key.scopes if scope in RIGHTS]
    asked = Asked(KEY_REQUESTS, request)
    return asked.answer(
        request_lines(key, outcome=asked["outcome"]),
        "accounts/api_key.html",
        lambda _: {
            "key": key,
            "is_live": key.is_live(timezone.now()),
            "is_mine": key.user_id == request.user.pk,
            "secret": take_once(request, f"api_key.{key.uuid}"),
            "scopes": scopes,
            "form": form,
            "rotate_form": RotateForm(),
        },
    )


@needs("keys.use")
@require_POST
def api_key_rotate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    key = get_object_or_404(_visible(request), uuid=uuid)
    _require_maker(request, key)
    require_confirmed(request)
    form = RotateForm(request.POST)
    if not form.is_valid():
        raise BadKey(
            gettext("Choose from the list how long the old key shall work on."), field="overlap_hours"
        )
    overlap = timedelta(hours=form.cleaned_data["overlap_hours"])
    successor, secret = rotate_api_key(key, actor=request.user, overlap=overlap)
    return _show_once(request, successor, secret)


@needs("keys.use", plan=ALWAYS)
@require_POST
def api_key_revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    key = get_object_or_404(_visible(request), uuid=uuid)
    require_confirmed(request)
    revoke_api_key(key, actor=request.user)
    messages.success(request, gettext("The key no longer works."))
    return redirect("accounts:api-keys")


def _visible(request: HttpRequest) -> QuerySet[ApiKey]:
    return keys_of(request.workspace, maker=None if "keys.manage" in request.rights else request.user)


def _require_maker(request: HttpRequest, key: ApiKey) -> None:
    if key.user_id != request.user.pk:
        raise RightMissing(
            gettext(
                "Only the maker of a key can change or rotate it: it acts as that person. You can revoke it."
            )
        )


def _show_once(request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
    keep_once(request, f"api_key.{key.uuid}", secret)
    return redirect("accounts:api-key", key.uuid)
