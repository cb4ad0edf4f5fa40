"""The second factor at the sign-in, and the sign-in with a passkey alone."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login as PendingLogin
from allauth.account.stages import LoginStageController
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.models import Device as OtpDevice

from apps.accounts.confirm import mark_confirmed
from apps.accounts.errors import PasskeyRefused, TooManyTries
from apps.accounts.factor_forms import CodeForm
from apps.accounts.guards import safe_next
from apps.accounts.models import Passkey, User
from apps.accounts.selectors import DEVICE_COOKIE
from apps.accounts.services.second_factors import (
    begin_passkey_check,
    check_passkey,
    mark_passed,
    relying_party,
    trust_device,
    verify_second_factor,
)
from apps.accounts.stages import SecondFactorStage


def _who(request: HttpRequest) -> tuple[User | None, Any]:
    """Who must show the factor: somebody halfway through a log-in (and its stage), or somebody signed in."""
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if stage:
        user = User.objects.filter(pk=stage.login.user.pk, is_active=True).first()
        return user, stage
    user = request.user if request.user.is_authenticated else None
    return (user if user and user.second_factors_at else None), None


def _let_in(
    request: HttpRequest, user: User, stage: Any, device: OtpDevice, *, trust: bool
) -> HttpResponseBase:
    """Finish the log-in (or mark the one there is), now that a factor was shown."""
    if stage:
        stage.login.user.otp_device = device  # django-otp's log-in follows Django's
        response: HttpResponseBase = stage.exit()
    else:
        mark_passed(request, device)
        mark_confirmed(request)
        response = redirect(safe_next(request, resolve_url(settings.LOGIN_REDIRECT_URL)))
    if trust and request.user.is_authenticated:
        trust_device(request, user)
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code, a backup code or a passkey; wrong ones leave the log-in where it is."""
    user, stage = _who(request)
    if user is None:
        return redirect("account_login")
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            device = _shown(request, user, form)
        except (PasskeyRefused, TooManyTries) as error:
            form.add_error(None, error.message)
            status = error.status
        else:
            if device is not None:
                return _let_in(request, user, stage, device, trust=form.cleaned_data["trust"])
            form.add_error(
                "code", gettext("This code is not right, or was used before. Wait for the next one.")
            )
            status = 400
    context = {
        "form": form,
        "next": safe_next(request, ""),
        "has_passkey": Passkey.objects.filter(user=user).exists(),
        "passkeys_work": relying_party(request) is not None,
        "has_app": user.totpdevice_set.filter(confirmed=True).exists(),
    }
    return render(request, "account/second_factor.html", context, status=status)


def _shown(request: HttpRequest, user: User, form: CodeForm) -> OtpDevice | None:
    if form.cleaned_data["passkey"]:
        return check_passkey(request, user, answer=form.cleaned_data["passkey"])
    cookie = request.COOKIES.get(DEVICE_COOKIE, "")
    return verify_second_factor(user, form.cleaned_data["code"], device_token=cookie)


@never_cache
@require_POST
def passkey_question(request: HttpRequest) -> JsonResponse:
    """What the browser asks the authenticator: for the person who is (halfway) signed in, else for anybody."""
    user, _ = _who(request)
    try:
        return JsonResponse(begin_passkey_check(request, None if "anybody" in request.POST else user))
    except PasskeyRefused as error:
        return JsonResponse(error.problem(), status=error.status, content_type="application/problem+json")


@never_cache
@require_POST
def passkey_login(request: HttpRequest) -> HttpResponseBase:
    """Sign in with a passkey that verified who holds it: it stands for password and second factor at once."""
    try:
        passkey = check_passkey(request, None, answer=request.POST.get("passkey", ""))
    except PasskeyRefused as error:
        messages.error(request, error.message)
        return redirect("account_login")
    user = passkey.user
    user.otp_device = passkey
    record_authentication(request, user, method="passkey")
    wanted = safe_next(request, resolve_url(settings.LOGIN_REDIRECT_URL))
    response: HttpResponseBase = perform_login(request, PendingLogin(user=user, redirect_url=wanted))
    return response
