"""Where gateways report: verified, stored once, answered. Everything else happens afterwards."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.billing.services.gateway_events import take_event
from apps.core.errors import DomainError

LONGEST = 1_000_000


@csrf_exempt  # a server calls, with its signature
@require_POST
def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    """200 when it is stored (also when it was before), 400 for a wrong signature, 404 for no such gateway.

    Anything else is 500 or above, so that the gateway sends it again.
    """
    if int(request.headers.get("Content-Length") or 0) > LONGEST:
        return HttpResponse("too long", status=413, content_type="text/plain")
    try:
        take_event(gateway, request.body, request.headers)
    except DomainError as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
    return HttpResponse("stored", content_type="text/plain")
