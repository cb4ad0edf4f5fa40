"""A look at the demo without an account: a stranger's session reads the demo's workspace as a guest who is a viewer.

The guest is a person with a membership like any other, so every rule about viewers holds as it is. Nobody can sign in
as the guest (no password, not active). A visit only reads, only what `OPEN` and `ASKED` name, and so many pages a
minute.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django_htmx.http import trigger_client_event
from redis import RedisError

from apps.accounts.choices import Role
from apps.accounts.middleware import SESSION_KEY as WORKSPACE_KEY
from apps.accounts.models import Membership, User, Workspace
from apps.core.api.windows import hit
from apps.core.client_ip import client_ip
from apps.core.words import gettext_lazy
from apps.journal.services import record
from apps.pages.models import Guest

log = structlog.get_logger(__name__)

SESSION_KEY = "visit"
LASTS_S = 2 * 3600
PAGES_PER_MINUTE = 240  # charts and fragments of a page count too
SAFE = ("GET", "HEAD", "OPTIONS")
# What a visitor reads as the guest. Everywhere else on the site a visitor is the stranger they are.
OPEN = (
    "/dashboard/",
    "/formulas/",
    "/backtests/",
    "/bots/",
    "/signals/",
    "/markets/",
    "/data/feeds/",
    "/portfolio/",
    "/trading/",
    "/activity/",
)
# Below those: where addresses and raw requests of sources, and accounts, stand.
HIDDEN = ("/signals/sources/", "/signals/deliveries/", "/signals/replays/", "/trading/accounts/")
# What a formula's page asks while it is read: worked out from what is sent, nothing is kept.
ASKED = (
    "/formulas/why/",
    "/api/v1/formulas/check/",
    "/api/v1/formulas/explain/",
    "/api/v1/formulas/hover/",
    "/api/v1/formulas/preview/",
    "/api/v1/formulas/blocks/",
    "/api/v1/formulas/blocks/palette/",
)
WORDS = gettext_lazy(
    "You are looking at the demo: everything can be read, nothing kept. Make an account to keep this."
)


def guest_of_demo() -> Guest | None:
    """Who stands for visitors; None where this installation has no demo, or its operator wants no visits."""
    if not settings.DEMO_VISITS:
        return None
    held = Guest.objects.filter(membership__role=Role.VIEWER, membership__workspace__closes_at=None)
    return held.select_related("membership__user", "membership__workspace").first()


@transaction.atomic
def ensure_guest(workspace: Workspace) -> Guest:
    """Make the workspace the one that visitors see. Safe to repeat."""
    found = Guest.objects.filter(membership__workspace=workspace).first()
    if found is not None:
        return found
    Guest.objects.all().delete()
    person = User(
        email=f"visitor-{workspace.uuid.hex[:12]}@visitors.invalid", name="Visitor", is_active=False
    )
    person.set_unusable_password()
    person.save()
    membership = Membership.objects.create(workspace=workspace, user=person, role=Role.VIEWER, is_guest=True)
    guest = Guest.objects.create(membership=membership)
    record(actor=None, workspace=workspace, action="pages.guest.created", target=guest)
    return guest


def begin_visit(request: HttpRequest, guest: Guest) -> None:
    """From the next request on this session sees the demo."""
    request.session.cycle_key()
    request.session[SESSION_KEY] = guest.pk
    request.session[WORKSPACE_KEY] = guest.membership.workspace_id
    request.session.set_expiry(LASTS_S)


def end_visit(request: HttpRequest) -> None:
    """The session is a stranger's again; one of a person who has signed in meanwhile stays as it is."""
    if not request.user.is_authenticated and SESSION_KEY in request.session:
        request.session.flush()


def _guest_in(session: Any) -> Guest | None:
    """The guest this session looks as, while there is one and visits are on."""
    pk = session.get(SESSION_KEY)
    guest = guest_of_demo() if pk else None
    return guest if guest is not None and guest.pk == pk else None


class VisitMiddleware:
    """Lets a visitor's requests for open pages come from the guest. Costs others nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # only who has a session can be on a visit, so asking costs no query of its own
        if not (request.session.session_key and request.session.get(SESSION_KEY)):
            return self.get_response(request)
        if request.user.is_authenticated or not request.path.startswith((*OPEN, *ASKED)):
            return self.get_response(request)
        guest = _guest_in(request.session)
        if guest is None:
            end_visit(request)
            return redirect("pages:landing")
        request.visit = guest  # type: ignore[attr-defined]
        if (seconds := _wait(request)) is not None:
            words = gettext("That was a lot of pages at once. Go on in {seconds} s.").format(seconds=seconds)
            return _refused(request, words, status=429, headers={"Retry-After": str(seconds)})
        if request.path.startswith(HIDDEN):
            return _refused(
                request, gettext("This page belongs to the workspace alone. Yours will have one too.")
            )
        if request.method not in SAFE and request.path not in ASKED:
            return _refused(request, WORDS)
        request.user = guest.membership.user
        return self.get_response(request)


def _wait(request: HttpRequest) -> int | None:
    """Seconds until the address may ask again; None where it may now. Without Redis everything passes."""
    try:
        window = hit("visit", f"address:{client_ip(request)}", PAGES_PER_MINUTE)
    except RedisError as error:
        log.warning("rate_limit_lost", error=str(error))
        return None
    return None if window.passes else max(1, math.ceil(window.resets_in))


def _refused(
    request: HttpRequest, words: str, *, status: int = 403, headers: dict[str, str] | None = None
) -> HttpResponse:
    if getattr(request, "htmx", False):
        response = HttpResponse(words, status=status, headers=headers)
        return trigger_client_event(response, "toast", {"message": words, "level": "info"})
    response = render(request, "errors/visit.html", {"words": words}, status=status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


class VisitSocketMiddleware:
    """The same for WebSockets: inside the session's middleware, before tokens are looked at."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        session = scope.get("session")
        if session is not None and not scope["user"].is_authenticated:
            guest = await database_sync_to_async(_guest_in)(session)
            if guest is not None:
                scope = {**scope, "user": guest.membership.user}
        await self.app(scope, receive, send)
