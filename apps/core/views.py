"""Health, error pages and the development mailbox."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext

from apps.core.mailbox import list_mail
from apps.core.problems import plain_problem


def health_live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def health_ready(request: HttpRequest) -> JsonResponse:
    """The process can do its work: 200, or 503 naming what is missing."""
    checks: dict[str, str] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = "ok"
    except DatabaseError:
        checks["database"] = "unreachable"
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
        client.ping()
        client.close()
        checks["redis"] = "ok"
    except redis.RedisError:
        checks["redis"] = "unreachable"
    ready = all(value == "ok" for value in checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503
    )


def dev_mail(request: HttpRequest) -> HttpResponse:
    """Mail written to files because no mail server is set; absent in production."""
    if not settings.SHOW_DEV_MAIL:
        raise Http404
    return render(request, "core/mail.html", {"mails": list_mail(settings.MAIL_DIR)})


def _error(request: HttpRequest, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        code, title = {
            400: ("bad_request", gettext("The request is malformed")),
            403: ("permission_denied", gettext("Not allowed")),
            404: ("not_found", gettext("There is nothing at this address")),
            500: ("server_error", gettext("Something broke on our side")),
        }[status]
        return plain_problem(status, code, title)
    if status == 400:
        return HttpResponseBadRequest(gettext("The request is malformed."), content_type="text/plain")
    return render(request, f"{status}.html", status=status)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    return _error(request, 500)
