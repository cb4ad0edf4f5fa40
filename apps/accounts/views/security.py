"""Settings, Security: setting up, showing and removing second factors."""

from __future__ import annotations

import json
from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.confirm import confirmed
from apps.accounts.errors import PasskeyRefused, WrongCode
from apps.accounts.factor_forms import AppForm, PasskeyForm, PasskeyNameForm
from apps.accounts.guards import safe_next
from apps.accounts.models import Passkey, TotpDevice
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.selectors.second_factors import second_factors_of, trusted_devices
from apps.accounts.services.second_factors import (
    add_passkey,
    begin_passkey,
    begin_totp,
    confirm_totp,
    distrust_devices,
    make_backup_codes,
    mark_passed,
    relying_party,
    remove_factor,
    rename_passkey,
)
from apps.accounts.totp import key_uri
from apps.core.once import keep_once, take_once

CODES = "backup_codes"
WANTED = "wanted_before_set_up"


@needs(SIGNED_IN)
@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """What the person has set up, and what is missing. `next` is where they go once a factor is set up."""
    if wanted := safe_next(request, ""):
        request.session[WANTED] = wanted
    due = request.workspace.mfa_required_from if request.workspace else None
    context = {
        "factors": second_factors_of(request.user),
        "trusted": trusted_devices(request.user),
        "passkeys_work": relying_party(request) is not None,
        "due": due,
        "is_due": due is not None and due <= timezone.now(),
    }
    return render(request, "accounts/security.html", context)


def _go_on(request: HttpRequest, device: TotpDevice | Passkey, words: str) -> HttpResponse:
    """This browser has just shown the new factor. With the first one come the backup codes."""
    mark_passed(request, device)
    messages.success(request, words)
    if second_factors_of(request.user).backup_codes_made:
        return redirect(request.session.pop(WANTED, "accounts:security"))
    return _show_new_codes(request)


def _show_new_codes(request: HttpRequest) -> HttpResponse:
    keep_once(request, CODES, json.dumps(make_backup_codes(request.user, actor=request.user)))
    return redirect("accounts:backup-codes")


@needs(SIGNED_IN)
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """The QR code and the key; a code that the app then shows puts it in use."""
    form = AppForm(request.POST or None)
    device = begin_totp(request.user)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            device = confirm_totp(request.user, form.cleaned_data["code"], actor=request.user)
        except WrongCode as error:
            form.add_error("code", error.message)
            status = error.status
        else:
            return _go_on(request, device, gettext("The authenticator app is set up."))
    key = device.secret
    image = segno.make(key_uri(key, request.user.email), error="m")
    drawing = image.svg_inline(scale=5, border=2, dark="#10151f", light="#ffffff", omitsize=True)
    context = {
        "form": form,
        "key": " ".join(key[start : start + 4] for start in range(0, len(key), 4)),
        "uri": key_uri(key, request.user.email),
        "qr": mark_safe(drawing),  # noqa: S308  drawn by us; holds no text
    }
    return render(request, "accounts/security_app.html", context, status=status)


@needs(SIGNED_IN)
@confirmed
@require_POST
def app_remove(request: HttpRequest) -> HttpResponse:
    remove_factor(get_object_or_404(TotpDevice, user=request.user, confirmed=True), actor=request.user)
    return _removed(request, gettext("The authenticator app is removed."))


def _removed(request: HttpRequest, words: str) -> HttpResponse:
    """The time of the person's factors is a new one; this browser goes on with it."""
    request.user.refresh_from_db(fields=["second_factors_at"])
    if request.user.second_factors_at is not None:
        mark_passed(request, None)
    messages.success(request, words)
    return redirect("accounts:security")


@needs(SIGNED_IN)
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def passkey_new(request: HttpRequest) -> HttpResponse:
    """Name a passkey; the page's script then has the browser make it."""
    form = PasskeyForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            passkey = add_passkey(request, request.user, name=values["name"], answer=values["passkey"])
        except PasskeyRefused as error:
            form.add_error(None, error.message)
            status = error.status
        else:
            return _go_on(
                request, passkey, gettext("The passkey “{name}” is set up.").format(name=passkey.name)
            )
    party = relying_party(request)
    context = {"form": form, "party": party, "host": request.get_host()}
    return render(request, "accounts/security_passkey.html", context, status=status)


@needs(SIGNED_IN)
@confirmed
@require_POST
def passkey_options(request: HttpRequest) -> JsonResponse:
    try:
        return JsonResponse(begin_passkey(request, request.user))
    except PasskeyRefused as error:
        return JsonResponse(error.problem(), status=error.status, content_type="application/problem+json")


def _passkey(request: HttpRequest, uuid: UUID) -> Passkey:
    return get_object_or_404(Passkey, user=request.user, uuid=uuid)


@needs(SIGNED_IN)
@require_POST
def passkey_rename(request: HttpRequest, uuid: UUID) -> HttpResponse:
    passkey = _passkey(request, uuid)
    form = PasskeyNameForm(request.POST)
    if form.is_valid():
        rename_passkey(passkey, name=form.cleaned_data["name"], actor=request.user)
        messages.success(request, gettext("The passkey is renamed."))
    else:
        messages.error(request, gettext("A passkey's name has 1 to 64 characters."))
    return redirect("accounts:security")


@needs(SIGNED_IN)
@confirmed
@require_POST
def passkey_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    passkey = _passkey(request, uuid)
    remove_factor(passkey, actor=request.user)
    return _removed(
        request,
        gettext("The passkey “{name}” is removed here. Delete it on its device too.").format(
            name=passkey.name
        ),
    )


@needs(SIGNED_IN)
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def backup_codes(request: HttpRequest) -> HttpResponse:
    """New codes, shown this once."""
    factors = second_factors_of(request.user)
    if request.method == "POST":
        if not factors.count:
            messages.error(request, gettext("Set up an authenticator app or a passkey first."))
            return redirect("accounts:security")
        return _show_new_codes(request)
    codes = json.loads(take_once(request, CODES) or "[]")
    lines = "\n".join(codes)
    file = gettext("Candlewright backup codes of {email}\nEach works once.\n\n{lines}\n").format(
        email=request.user.email, lines=lines
    )
    then = request.session.pop(WANTED, "") if codes else ""
    context = {"codes": codes, "text": lines, "file": file, "factors": factors, "then": then}
    return render(request, "accounts/security_backup_codes.html", context)


@needs(SIGNED_IN)
@require_POST
def distrust(request: HttpRequest) -> HttpResponse:
    distrust_devices(request.user, actor=request.user)
    messages.success(request, gettext("Every browser is asked for the second factor at its next sign-in."))
    return redirect("accounts:security")
