"""The table names every route, and says of each what its view says."""

from __future__ import annotations

from operator import attrgetter

from apps.accounts.choices import Role
from apps.accounts.rules import IN_PERSON, RIGHTS, SIGNED_IN, grantable_scopes, rights_of
from apps.core.live import LiveConsumer
from config.routing import websocket_urlpatterns
from tests.access.routes import Route, readable, routes
from tests.access.table import (
    ADMIN,
    API,
    HOLDERS,
    NOT_FOR_KEYS,
    OPEN,
    PAGES,
    STAFF,
    WEBSOCKETS,
    WHILE_CLOSING,
    rights_of_route,
)

TABLE = "tests/access/table.py"


def _listed() -> list[Route]:
    """All but the admin's, which stand behind one gate."""
    return [route for route in routes().values() if not route.name.startswith(ADMIN)]


def _line(route: Route) -> str:
    """The line of the table that fits what the view says; to be checked before it is copied."""
    said = route.declared()
    if set(said.values()) == {None}:
        return f'OPEN: "{route.name}": "why it is open to everybody"; or give the view a right'
    if route.is_api:
        words = "; ".join(f"{method} {right}" for method, right in said.items())
    else:
        words = str(said["GET"]) + ("" if said["GET"] == said["POST"] else f"; POST {said['POST']}")
    return f'{"API" if route.is_api else "PAGES"}: "{route.name}": "{words}",'


def test_every_route_stands_in_the_table():
    missing = [_line(route) for route in _listed() if route.name not in {*OPEN, *PAGES, *API}]
    assert not missing, f"add to {TABLE}, if it is right:\n" + "\n".join(missing)


def test_the_table_names_no_route_that_is_gone():
    names = {route.name for route in _listed()}
    staff = {route.partition(" ")[2] for route in STAFF}
    gone = sorted(({*OPEN, *PAGES, *API} | staff) - names)
    assert not gone, f"remove from {TABLE}: {gone}"


def test_every_view_says_what_the_table_says():
    wrong = []
    for route in filter(attrgetter("is_ours"), _listed()):
        said = route.declared()
        if route.name in OPEN:
            if set(said.values()) != {None}:
                wrong.append(f"{route.name} stands as open, its view says {said}")
        elif route.name in {*PAGES, *API} and said != (
            promised := rights_of_route(route.name, is_api=route.is_api)
        ):
            wrong.append(f"{route.name}: the table says {promised}, the view {said}")
    assert not wrong, "\n".join(wrong)


def test_the_matrix_of_roles_is_as_promised():
    assert {right: " ".join(holders) for right, (_, holders) in RIGHTS.items()} == HOLDERS
    for role in Role.values:
        held = {right for right in HOLDERS if role in HOLDERS[right].split()}
        assert rights_of(role) == held
        assert rights_of(role, closing=True) == held & set(WHILE_CLOSING)
        assert grantable_scopes(rights_of(role)) == held - set(NOT_FOR_KEYS)
    assert rights_of("nobody") == frozenset()


def test_the_table_names_rights_that_exist():
    known = {*HOLDERS, SIGNED_IN, IN_PERSON}
    for name in {*PAGES, *API}:
        assert set(rights_of_route(name, is_api=name in API).values()) <= known, name


def test_every_websocket_stands_in_the_table():
    said = {}
    for entry in websocket_urlpatterns:
        consumer = entry.callback.consumer_class  # type: ignore[attr-defined]
        assert issubclass(consumer, LiveConsumer), entry.pattern
        said[readable(str(entry.pattern))] = consumer.right
    assert said == WEBSOCKETS, f"WEBSOCKETS in {TABLE} differs from what the consumers say"
