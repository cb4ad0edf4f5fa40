"""Web Push of the browser that asks: the worker it runs, subscribing and ending it."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import SIGNED_IN, needs
from apps.core.errors import DomainError
from apps.notifications.services.browsers import add_browser, remove_browser


@require_GET
@cache_control(max_age=0, must_revalidate=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, allowed for the whole site: a worker is replaced when its bytes change."""
    response = render(request, "notifications/worker.js", content_type="text/javascript")
    response["Service-Worker-Allowed"] = "/"
    return response


@needs(SIGNED_IN)
@require_POST
def browser(request: HttpRequest) -> JsonResponse:
    """Subscribe: the body is `PushSubscription.toJSON()`."""
    try:
        contact = add_browser(request.user, _body(request), name=request.headers.get("User-Agent", ""))
    except DomainError as error:
        return JsonResponse({"detail": str(error)}, status=error.status)
    return JsonResponse({"uuid": str(contact.uuid), "label": contact.label}, status=201)


@needs(SIGNED_IN)
@require_POST
def browser_off(request: HttpRequest) -> JsonResponse:
    """End it: the body is {"endpoint": …}. One that is not known is ended already."""
    body = _body(request)
    endpoint = body.get("endpoint") if isinstance(body, dict) else None
    if not isinstance(endpoint, str):
        return JsonResponse({"detail": gettext("The endpoint of the subscription is missing.")}, status=400)
    return JsonResponse({"removed": remove_browser(request.user, endpoint)})


def _body(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body[:8192])
    except ValueError:
        return None
