"""Every route answers each kind of person as the table promises, and who is refused has changed nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import ApiKey, User, Workspace
from apps.accounts.rules import IN_PERSON, SIGNED_IN
from tests.access.digest import Watch
from tests.access.routes import Route, routes
from tests.access.table import (
    ADMIN,
    ADMIN_OPEN,
    API,
    EVERYBODY,
    HALFWAY,
    HOLDERS,
    NOT_FOR_KEYS,
    OPEN,
    PAGES,
    STAFF,
    WHILE_CLOSING,
    rights_of_route,
)
from tests.access.world import KEY_SCOPE, MARK, ROLES, World, ask, undone

LOG_IN = "/accounts/login/"
# Objects of a person that the other members may see.
SHARED = ("settings/people/", "settings/workspace/switch/", "api/v1/workspaces/")
PERSONAL = {SIGNED_IN, IN_PERSON}
# These find nothing though the right is there: no app was set up, no test removed, the formula is one's own, no
# template named.
NOTHING_THERE = {
    "POST start/pick/",
    "POST formulas/{uuid}/leave/",
    "POST formulas/{uuid}/tests/{case}/restore/",
    "POST api/v1/formulas/{uuid}/leave/",
    "POST settings/security/app/remove/",
    "POST api/v1/formulas/{uuid}/cases/{case}/restore/",
}

Expected = Callable[[HttpResponse, Route], bool]


def guarded() -> list[Route]:
    return [routes()[name] for name in sorted({*PAGES, *API} & routes().keys())]


def lines() -> Iterator[tuple[Route, str, str]]:
    """Each route and method with the right the table names."""
    for route in guarded():
        for method, right in rights_of_route(route.name, is_api=route.is_api).items():
            yield route, method, right


def is_for_staff(route: Route, method: str) -> bool:
    return f"{method} {route.name}" in STAFF


def code_of(answer: HttpResponse) -> str:
    """The problem's code; none for a page."""
    if "problem+json" not in answer.get("Content-Type", ""):
        return ""
    return str(answer.json()["code"])  # type: ignore[attr-defined]


def content_of(answer: HttpResponse) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


def is_redirect(answer: HttpResponse, place: str) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(place)


def is_let_in(answer: HttpResponse, _: Route) -> bool:
    """Neither refused nor unknown: what was sent is another matter."""
    if code_of(answer) == "confirmation_required":
        return True  # the right is there; the person is asked to prove who they are
    return (
        answer.status_code not in (401, 403, 404)
        and not lacks_plan(answer)
        and answer.status_code < 500
        and not is_redirect(answer, LOG_IN)
    )


def lacks_plan(answer: HttpResponse) -> bool:
    """Refused since the plan does not hold what the route needs."""
    return answer.status_code == 402 and (code_of(answer) or answer.get("X-Problem")) == "not_in_plan"


def is_refused(answer: HttpResponse, route: Route) -> bool:
    return answer.status_code == 403 and (not route.is_api or code_of(answer) == "right_missing")


def is_kept_from_staffs(answer: HttpResponse, _: Route) -> bool:
    return answer.status_code in (403, 404)


def is_unknown(answer: HttpResponse, _: Route) -> bool:
    return answer.status_code in (404, 405)


def is_nobody(answer: HttpResponse, route: Route) -> bool:
    if answer.status_code == 405:  # asked before the log-in where it tells nothing
        return route.is_api or not route.is_ours
    return answer.status_code == 401 if route.is_api else is_redirect(answer, LOG_IN)


def lacks_second_factor(answer: HttpResponse, route: Route) -> bool:
    if route.is_api:
        return code_of(answer) == "second_factor_required"
    return is_redirect(answer, "/accounts/second-factor/") or is_redirect(answer, "/settings/security/")


def told(answer: HttpResponse) -> str:
    place = f" to {answer['Location']}" if answer.has_header("Location") else ""
    return f"{answer.status_code}{place} {code_of(answer)}".strip()


class Walk:
    """Requests of one caller, and what was wrong with their answers."""

    def __init__(self, who: str, client: Client) -> None:
        self.who = who
        self.client = client
        self.cookies = client.cookies.output(header="", sep=";")
        self.wrong: list[str] = []
        self.watch = Watch()
        self.steps = 0

    def step(self, route: Route, method: str, path: str, expected: Expected) -> HttpResponse:
        """One request; whatever it changes is taken back, and wrong unless it was let in."""
        if expected is is_let_in and f"{method} {route.name}" in NOTHING_THERE:
            expected = is_unknown
        if self.steps % 50 == 0:
            cache.clear()  # more routes than a minute's requests
        self.steps += 1
        self.client.cookies = SimpleCookie(self.cookies)  # one of these requests logs out
        with undone():
            answer = ask(self.client, route, method, path)
            told_of = f"{self.who}: {method} {path} answered {told(answer)}"
            if not expected(answer, route):
                self.wrong.append(f"{told_of}; {expected.__name__} expected")
            if expected is not is_let_in and method != "GET" and (tables := self.watch.changed()):
                self.wrong.append(f"{told_of}, yet changed {tables}")
        return answer

    def done(self) -> None:
        assert not self.wrong, "\n".join(self.wrong)


@pytest.mark.parametrize("role", ROLES)
def test_members_may_what_their_role_may(world: World, role: str):
    client, ids = world.as_role(role)
    walk = Walk(role, client)
    for route, method, right in lines():
        path = route.paths(ids)[0]
        if is_for_staff(route, method):
            walk.step(route, method, path, is_kept_from_staffs)
        elif right not in PERSONAL and role not in HOLDERS[right].split():
            walk.step(route, method, path, is_refused)
        elif role in (Role.OWNER, Role.VIEWER) or HOLDERS.get(right, EVERYBODY) != EVERYBODY:
            # what everybody may is tried by the strongest role and the weakest
            answer = walk.step(route, method, path, is_let_in)
            if role == Role.OWNER and method == "GET" and route.name in ids and answer.status_code == 200:
                assert str(ids[route.name]).encode() in content_of(answer), f"{route.name} lists nothing"
    walk.done()


def test_a_closing_workspace_is_only_read(world: World):
    Workspace.objects.filter(pk=world.workspace.pk).update(closes_at=timezone.now() + timedelta(days=7))
    walk = Walk("owner of a closing workspace", world.client(world.owner))
    for route, method, right in lines():
        if right not in PERSONAL and (method != "GET" or right not in WHILE_CLOSING):
            expected = is_let_in if right in WHILE_CLOSING else is_refused
            walk.step(route, method, route.paths(world.owners_ids)[0], expected)
    walk.done()


def _find_nothing(walk: Walk, route: Route, world: World) -> None:
    """Somebody uses the workspace's ids without being in it."""
    answers = [
        walk.step(route, method, path, is_unknown)
        for path in route.paths(world.owners_ids)
        for method in route.methods
    ]
    if 404 not in {answer.status_code for answer in answers}:
        walk.wrong.append(f"{walk.who}: {route.name} was never 404")
    if any(MARK.encode() in content_of(answer) for answer in answers):
        walk.wrong.append(f"{walk.who}: {route.name} tells something of the workspace")


def test_a_stranger_finds_nothing(world: World):
    """Whatever carries an id of another workspace, or of another person, is unknown; no list shows any of it."""
    walk = Walk("stranger", world.client(world.stranger))
    ids = {str(uuid).encode() for uuid in world.owners_ids.values()}
    for route in guarded():
        if route.has_id:
            _find_nothing(walk, route, world)
        elif "GET" in rights_of_route(route.name, is_api=route.is_api) and not is_for_staff(route, "GET"):
            page = content_of(walk.step(route, "GET", route.paths({})[0], is_let_in))
            if MARK.encode() in page or any(uuid in page for uuid in ids):
                walk.wrong.append(f"stranger: {route.name} shows something of the workspace")
    walk.done()


def test_a_strangers_token_finds_nothing(world: World):
    """Nor does it with the header that names the workspace."""
    token = world.tokens[world.stranger.pk]
    walk = Walk("stranger's token", Client(headers={"Authorization": f"Bearer {token}"}))
    asking = Walk("stranger's token with X-Workspace", world.program(token))
    for route in guarded():
        if route.is_api:
            if route.has_id:
                _find_nothing(walk, route, world)
            asking.step(route, "GET", route.paths(world.owners_ids)[0], is_unknown)
    walk.done()
    asking.done()


def test_members_find_nothing_of_another_members_person(world: World):
    walk = Walk("another member", world.as_role(Role.ADMIN)[0])
    for route in guarded():
        rights = set(rights_of_route(route.name, is_api=route.is_api).values())
        if route.has_id and rights <= PERSONAL and not route.name.startswith(SHARED):
            _find_nothing(walk, route, world)
    walk.done()


def _are_nobody(world: World, who: str, client: Client, *, api: bool = True, pages: bool = True) -> None:
    walk = Walk(who, client)
    for route, method, _ in lines():
        if api if route.is_api else pages:
            walk.step(route, method, route.paths(world.owners_ids)[0], is_nobody)
    walk.done()


def test_nobody_gets_in_without_a_log_in(world: World):
    _are_nobody(world, "nobody", Client())


def test_programs_have_no_pages(world: World):
    _are_nobody(world, "token", world.program(world.tokens[world.owner.pk]), api=False)
    _are_nobody(world, "key", world.program(world.key), api=False)


def test_who_is_suspended_is_nobody(world: World):
    """By session, token and key alike, though none of them was ended."""
    User.objects.filter(pk=world.owner.pk).update(is_active=False)
    _are_nobody(world, "suspended", world.client(world.owner))
    _are_nobody(world, "suspended, by token", world.program(world.tokens[world.owner.pk]), pages=False)
    _are_nobody(world, "suspended, by key", world.program(world.key), pages=False)


def is_open(answer: HttpResponse, route: Route) -> bool:
    may_be_led_away = route.name in HALFWAY or answer.status_code == 405
    return answer.status_code < 500 and (may_be_led_away or not is_nobody(answer, route))


def test_open_routes_let_everybody_in(world: World):
    walk = Walk("nobody", Client())
    for name in OPEN:
        route = routes()[name]
        for method in ("GET", "POST"):
            walk.step(route, method, route.paths({})[0], is_open)
    walk.done()


@pytest.mark.parametrize("scope", [KEY_SCOPE, "everything"])
def test_a_key_does_what_its_scopes_say(world: World, scope: str):
    """A key of the owner's, with one scope or with all there are: never what is the person's, nor more than its role."""
    scopes = {KEY_SCOPE} if scope == KEY_SCOPE else set(HOLDERS) - set(NOT_FOR_KEYS)
    ApiKey.objects.filter(pk=world.key_pk).update(scopes=sorted(scopes))
    walk = Walk(f"key for {scope}", world.program(world.key))
    for route, method, right in lines():
        if route.is_api:
            expected = is_let_in if right == SIGNED_IN or right in scopes else is_refused
            walk.step(route, method, route.paths(world.owners_ids)[0], expected)
    walk.done()


def test_a_program_does_what_the_role_of_its_person_says(world: World):
    """With an access token, and with a key whose scopes are wider than the role has become."""
    _, ids = world.as_role(Role.VIEWER)
    by_token = Walk("viewer's token", world.program(world.tokens[world.member.pk]))
    by_key = Walk("viewer's key for everything", world.program(world.members_key))
    for route, method, right in lines():
        if route.is_api and not is_for_staff(route, method):
            path = route.paths(ids)[0]
            holds = Role.VIEWER in HOLDERS.get(right, "").split()
            by_token.step(route, method, path, is_let_in if holds or right in PERSONAL else is_refused)
            by_key.step(route, method, path, is_let_in if holds or right == SIGNED_IN else is_refused)
    by_token.done()
    by_key.done()


def test_who_has_not_shown_the_second_factor_gets_nowhere(world: World):
    """The log-in is older than the factor: what it may do waits until the factor was shown."""
    User.objects.filter(pk=world.owner.pk).update(second_factors_at=timezone.now())
    by_session = Walk("without the factor", world.client(world.owner))
    by_token = Walk("without the factor, by token", world.program(world.tokens[world.owner.pk]))
    for route, method, _ in lines():
        for walk in (by_session, by_token) if route.is_api else (by_session,):
            if route.is_ours:
                walk.step(route, method, route.paths(world.owners_ids)[0], lacks_second_factor)
    by_session.done()
    by_token.done()


def test_a_workspace_that_asks_for_a_second_factor_is_shut_without_one(world: World):
    yesterday = timezone.now() - timedelta(days=1)
    Workspace.objects.filter(pk=world.workspace.pk).update(own_mfa_from=yesterday)
    walk = Walk("member without a factor", world.client(world.owner))
    for route, method, right in lines():
        if right not in PERSONAL:
            walk.step(route, method, route.paths(world.owners_ids)[0], lacks_second_factor)
    walk.done()


def is_kept_out_of_the_admin(answer: HttpResponse, _: Route) -> bool:
    return answer.status_code in (403, 404) or is_redirect(answer, "/admin/login/")


def test_the_admin_is_for_staff_who_have_shown_a_second_factor(world: World):
    """Not for an owner, nor for a superuser whose session has shown none, nor for their programs."""
    User.objects.filter(pk=world.member.pk).update(is_staff=True, is_superuser=True)
    superuser = Walk("superuser without a factor", world.client(world.member))
    token = Walk("superuser's token", world.program(world.tokens[world.member.pk]))
    owner = Walk("owner", world.client(world.owner))
    gated = [
        route for route in routes().values() if route.name.startswith(ADMIN) and route.name not in ADMIN_OPEN
    ]
    for route in gated:
        path = route.paths({})[0]
        superuser.step(route, "POST", path, is_kept_out_of_the_admin)
        owner.step(route, "GET", path, is_kept_out_of_the_admin)
        if route.is_ours:
            superuser.step(route, "GET", path, is_kept_out_of_the_admin)
            token.step(route, "POST", path, is_kept_out_of_the_admin)
    for walk in (superuser, token, owner):
        walk.done()
