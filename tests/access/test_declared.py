"""A route says which right it needs, or stands here as open with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, get_resolver
from rest_framework.permissions import AllowAny

from apps.accounts.rules import IN_PERSON, RIGHTS, SIGNED_IN
from apps.core.live import LiveConsumer
from config.routing import websocket_urlpatterns

OURS_NOT = ("admin/", "accounts/")  # Django's and allauth's, each with its own gate
OPEN = {
    "": "the landing page",
    "favicon.ico": "a picture",
    "health/live": "asked by the machine's supervisor",
    "health/ready": "the same",
    "mail/": "absent where mail is really sent",
    "api/schema/": "the API's description holds no data",
    "api/docs/": "the same",
    "invitations/<slug:token>/": "the token is the key; people without an account come here first",
}


def _views(resolver: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _views(entry, route)
        elif not route.startswith(OURS_NOT):
            yield route, entry.callback


def _named(view: Any) -> list[str]:
    rights = getattr(view, "rights", None) or getattr(getattr(view, "cls", None), "rights", None) or ()
    values = rights.values() if isinstance(rights, dict) else rights
    return [name for value in values for name in ([value] if isinstance(value, str) else value)]


def test_every_route_names_rights_that_exist():
    views = list(_views(get_resolver()))
    silent = {route for route, view in views if not _named(view)}
    assert silent - _open_api(views) == set(OPEN)
    unknown = {name for _, view in views for name in _named(view)} - set(RIGHTS) - {SIGNED_IN, IN_PERSON}
    assert unknown == set()


def _open_api(views: list[tuple[str, Any]]) -> set[str]:
    """API views that say themselves that they are open: the ways to log in."""
    return {
        route
        for route, view in views
        if route.startswith("api/v1/")
        and list(getattr(getattr(view, "cls", None), "permission_classes", [None])) in ([], [AllowAny])
    }


def test_every_websocket_names_a_right():
    for entry in websocket_urlpatterns:
        consumer = entry.callback.consumer_class  # type: ignore[attr-defined]
        assert issubclass(consumer, LiveConsumer)
        assert consumer.right in RIGHTS, entry.pattern
