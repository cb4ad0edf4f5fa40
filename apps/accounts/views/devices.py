"""Where I am signed in: each browser and program, to be ended one by one or all at once."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.choices import EndReason
from apps.accounts.lists import BROWSERS, LOGINS
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.places import place_of
from apps.accounts.selectors import login_id, open_logins
from apps.accounts.services import end_login, end_logins, forget_device
from apps.core.lists import Asked

SHOWN = 10  # known browsers on the page of sign-ins; the rest stand on a page of their own
BY_NAME = ("label__icontains", "ip__startswith")  # what browsers are looked for by


@needs(SIGNED_IN)
@require_GET
def devices(request: HttpRequest) -> HttpResponseBase:
    """The open sign-ins, and the browsers that were used last."""
    here = login_id(request)
    asked = Asked(LOGINS, request)
    known = list(request.user.devices.order_by("-last_seen_at", "-id")[: SHOWN + 1])
    return asked.answer(
        asked.chosen(open_logins(request.user), q=BY_NAME),
        "accounts/devices.html",
        lambda shown: {
            "logins": [
                {"login": login, "is_here": login.pk == here, "place": place_of(login.ip)} for login in shown
            ],
            "devices": known[:SHOWN],
            "has_more": len(known) > SHOWN,
        },
    )


@needs(SIGNED_IN)
@require_GET
def browsers(request: HttpRequest) -> HttpResponseBase:
    """Every browser that is known."""
    asked = Asked(BROWSERS, request)
    return asked.answer(asked.chosen(request.user.devices.all(), q=BY_NAME), "accounts/browsers.html")


@needs(SIGNED_IN)
@require_POST
def login_end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    login = get_object_or_404(open_logins(request.user), uuid=uuid)
    if login.pk == login_id(request):
        logout(request)
        return redirect("account_login")
    end_login(login, reason=EndReason.REVOKED, actor=request.user)
    messages.success(request, gettext("{label} is signed out.").format(label=login.label))
    return redirect("accounts:devices")


@needs(SIGNED_IN)
@require_POST
def logins_end(request: HttpRequest) -> HttpResponse:
    """All but this one."""
    number = end_logins(request.user, reason=EndReason.REVOKED, actor=request.user, but=login_id(request))
    messages.success(
        request,
        ngettext("{number} other sign-in ended.", "{number} other sign-ins ended.", number).format(
            number=number
        ),
    )
    return redirect("accounts:devices")


@needs(SIGNED_IN)
@require_POST
def device_forget(request: HttpRequest, uuid: UUID) -> HttpResponse:
    device = get_object_or_404(request.user.devices, uuid=uuid)
    forget_device(device, actor=request.user)
    messages.success(request, gettext("{label} is forgotten.").format(label=device.label))
    return redirect("accounts:devices")
