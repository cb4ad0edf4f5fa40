"""The demo without an account: a viewer's eyes, no hands, no secrets, no way to become somebody."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.models import Login, User
from apps.accounts.selectors import members_of
from apps.accounts.selectors.privacy import sole_workspaces
from apps.billing.selectors.counted import COUNTED
from apps.core.api.windows import hit
from apps.formulas.services import create_formula
from apps.markets.services import import_bars
from apps.pages.models import Guest
from apps.pages.visits import ASKED, HIDDEN, OPEN, PAGES_PER_MINUTE, SESSION_KEY, ensure_guest
from tests.access.digest import Watch
from tests.factories import wave_csv, workspace_of

ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def visitor(guest: Guest, client: Client) -> Client:
    # an address of its own: visits of one address are limited, too
    client.defaults["REMOTE_ADDR"] = str(ip_address(10 << 24 | secrets.randbits(24)))
    answer = client.post("/demo/")
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")
    return client


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Every address of the site, with something in each gap."""
    for one in patterns:
        here = before + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, here)
        else:
            filled = re.sub(r"<uuid:\w+>|\(\?P<uuid>[^)]*\)", ID, here)
            filled = re.sub(r"<int:\w+>", "1", filled)
            filled = re.sub(r"\(\?P<\w+>(\w+)[^)]*\)|<\w+:\w+>", lambda gap: gap[1] or "x", filled)
            yield "/" + filled.replace("\\.", ".").replace("$", "")


def test_the_landing_page_offers_it_only_where_there_is_a_demo(client, settings, workspace):
    assert "Explore the demo" not in client.get("/").content.decode()
    ensure_guest(workspace)
    assert "Explore the demo" in client.get("/").content.decode()
    settings.DEMO_VISITS = False
    assert "Explore the demo" not in client.get("/").content.decode()
    assert client.post("/demo/").status_code == 404
    assert client.get("/demo/").status_code == 405


def test_the_guest_is_no_member_and_takes_no_seat(guest, workspace, user):
    assert [one.user for one in members_of(workspace)] == [user]
    assert COUNTED["seats"](workspace) == 1
    assert list(sole_workspaces(user)) == [workspace]


def test_a_visitor_reads_the_demo_as_a_viewer(visitor, workspace, user, stranger):
    create_formula(workspace, name="Shown to visitors", text="long when close > 1", actor=user)
    create_formula(
        workspace_of(stranger), name="Of somebody else", text="long when close > 1", actor=stranger
    )
    page = visitor.get("/formulas/").content.decode()
    assert "Shown to visitors" in page
    assert "Of somebody else" not in page
    assert "/formulas/new/" not in page
    dashboard = visitor.get("/dashboard/").content.decode()
    assert "You are looking at the demo" in dashboard
    assert "What to do next" not in dashboard
    for hidden in ("/ws/inbox/", "data-look-url", "/accounts/password", user.email):
        assert hidden not in dashboard


def test_a_visitor_reads_words_and_figures_of_the_language_they_chose(visitor):
    visitor.cookies["django_language"] = "tr"
    page = visitor.get("/dashboard/").content.decode()
    assert '<html lang="tr" data-numbers="dot" data-percent="first" data-date="d.m.Y">' in page


def test_whatever_a_visitor_sends_nothing_changes(visitor, guest):
    """Every address that a visit opens, by every method that writes."""
    routes = set(_routes(get_resolver().url_patterns))
    assert routes > set(ASKED)
    paths = sorted(path for path in routes if path.startswith(OPEN) and path not in ASKED)
    assert len(paths) > 100
    watch = Watch()
    for number, path in enumerate(paths):
        # an address each: what is tried here is not the limit
        answer = visitor.post(path, REMOTE_ADDR=f"10.9.{number // 250}.{number % 250}")
        assert answer.status_code == 403, path
        assert "Make an account" in answer.content.decode() or path.startswith(HIDDEN), path
    assert watch.changed() == []


def test_a_formulas_page_is_whole_for_a_visitor_and_keeps_nothing(guest, visitor, workspace, bar_set):
    text = "long when close > sma(close, 2)"
    asked = {
        "/formulas/why/": ({"text": text, "bar_set": bar_set.uuid, "time": "2024-01-05"}, None),
        "/api/v1/formulas/check/": ({"text": text}, "ok"),
        "/api/v1/formulas/explain/": ({"text": text}, "explanation"),
        "/api/v1/formulas/hover/": ({"text": text, "line": 1, "column": 19}, "title"),
        "/api/v1/formulas/preview/": ({"text": text, "bar_set": str(bar_set.uuid)}, "signals"),
        "/api/v1/formulas/blocks/": ({"text": text}, "blocks"),
    }
    assert set(asked) == set(ASKED) - {"/api/v1/formulas/blocks/palette/"}
    watch = Watch()
    for path, (body, key) in asked.items():
        answer = visitor.post(path, body, **({"content_type": "application/json"} if key else {}))
        assert answer.status_code == 200, (path, answer.content)
        assert key is None or key in answer.json(), path
    assert visitor.get("/api/v1/formulas/blocks/palette/").status_code == 200
    assert watch.changed() == []


def test_what_a_visitor_asks_comes_from_the_demo_alone(guest, visitor, stranger):
    """Foreign bars are unknown, other sites cannot ask with the visitor's cookie, and the rest of the API stays shut."""
    foreign = import_bars(
        workspace_of(stranger),
        symbol="WAVE",
        file=io.BytesIO(wave_csv()),
        filename="wave.csv",
        actor=stranger,
    )
    body = {"text": "long when close > 1", "bar_set": str(foreign.uuid)}
    assert visitor.post("/api/v1/formulas/preview/", body, content_type="application/json").status_code == 404
    assert (
        visitor.post("/api/v1/formulas/format/", {"text": "x"}, content_type="application/json").status_code
        == 401
    )
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor.cookies
    answer = strict.post("/api/v1/formulas/check/", {"text": "x"}, content_type="application/json")
    assert answer.status_code == 403


def test_a_fragment_is_told_in_a_toast(visitor):
    answer = visitor.post("/formulas/new/", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert "Make an account to keep this" in answer["HX-Trigger"]


@pytest.mark.parametrize("path", HIDDEN)
def test_sources_requests_and_accounts_stay_hidden(visitor, path):
    assert visitor.get(path).status_code == 403


@pytest.mark.parametrize("path", ["/settings/", "/settings/workspace/members/", "/inbox/", "/admin/"])
def test_elsewhere_a_visitor_is_a_stranger(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code == 302
    assert "login" in answer["Location"]
    assert visitor.get("/api/v1/formulas/").status_code in (401, 403)


def test_nobody_can_sign_in_as_the_guest(guest, client):
    person = guest.membership.user
    assert not person.is_active
    assert not person.has_usable_password()
    assert authenticate(email=person.email, password="") is None
    client.post("/accounts/password/reset/", {"email": person.email})
    assert not Login.objects.filter(user=person).exists()


def test_a_visit_is_nobodys_login_and_ends(visitor, guest):
    assert Session.objects.count() == 1
    assert visitor.session.get_expiry_age() <= 2 * 3600
    assert visitor.post("/demo/leave/")["Location"] == "/"
    assert SESSION_KEY not in visitor.session
    assert visitor.get("/dashboard/").status_code == 302
    assert not Login.objects.filter(user=guest.membership.user).exists()


def test_a_visit_ends_with_the_demo(visitor, guest):
    guest.membership.delete()
    assert visitor.get("/dashboard/")["Location"] == "/"
    assert SESSION_KEY not in visitor.session


def test_who_signs_in_meanwhile_is_themselves(visitor, stranger):
    workspace_of(stranger)
    visitor.force_login(stranger)
    page = visitor.get("/dashboard/").content.decode()
    assert "You are looking at the demo" not in page
    assert stranger.email in page
    assert visitor.get("/settings/").status_code == 200


def test_so_many_pages_a_minute(visitor):
    for _ in range(PAGES_PER_MINUTE):
        assert hit("visit", "address:10.8.7.6", PAGES_PER_MINUTE).passes
    refused = visitor.get("/dashboard/", REMOTE_ADDR="10.8.7.6")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert visitor.get("/dashboard/", REMOTE_ADDR="10.8.7.5").status_code == 200


def test_one_workspace_at_a_time_is_the_demo(guest, stranger):
    other = ensure_guest(workspace_of(stranger))
    assert Guest.objects.get() == other
    assert ensure_guest(workspace_of(stranger)) == other
    assert User.objects.filter(email__endswith="@visitors.invalid", is_active=True).count() == 0
