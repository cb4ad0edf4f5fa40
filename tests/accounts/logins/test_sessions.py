"""Where one is signed in, and how that ends at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.utils import timezone

from apps.accounts.choices import EndReason, LoginKind
from apps.accounts.models import Device, Login
from apps.accounts.services import end_login, open_login
from apps.accounts.services.logins import SEEN_EVERY_S
from apps.journal.models import Entry
from tests.accounts.second_factors.conftest import enrol
from tests.factories import UserFactory, workspace_of

PASSWORD = "correct-horse-battery"
TIMEOUT_S = 30
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


def browser(user, agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent})
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


def test_a_sign_in_is_a_row_with_browser_and_address(user, workspace):
    browser(user)
    login = Login.objects.get()
    assert (login.kind, login.ip, login.ended_at) == (LoginKind.BROWSER, "127.0.0.1", None)
    assert "Firefox" in login.label
    assert "Linux" in login.label
    assert Entry.objects.filter(action="accounts.login.opened", target_id=login.pk).exists()


def test_the_browsers_cookie_cannot_be_read_by_scripts(user, workspace):
    cookie = browser(user).cookies["cw_device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie.value not in str(Device.objects.values().get())


def test_the_second_browser_is_news_and_the_first_is_not(user, workspace):
    browser(user)
    assert not Entry.objects.filter(action="accounts.login.new_device").exists()
    browser(user)
    assert Entry.objects.filter(action="accounts.login.new_device").count() == 1


def test_the_same_browser_twice_is_one_device(user, workspace):
    client = browser(user)
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert Device.objects.count() == 1
    assert [login.end_reason for login in Login.objects.order_by("id")] == ["signed_out", ""]


def test_an_ended_sign_in_is_out_at_its_next_request(user, workspace):
    here, there = browser(user), browser(user)
    other = Login.objects.order_by("id").last()
    here.post(f"/settings/devices/logins/{other.uuid}/end/")
    assert is_in(here)
    assert not is_in(there)
    assert Session.objects.count() == 1
    other.refresh_from_db()
    assert other.end_reason == EndReason.REVOKED


def test_all_others_end_together(user, workspace):
    here, *others = (browser(user) for _ in range(3))
    here.post("/settings/devices/end-others/")
    assert [is_in(client) for client in (here, *others)] == [True, False, False]


def test_somebody_elses_sign_in_is_unknown(user, workspace, stranger):
    browser(stranger)
    assert (
        browser(user).post(f"/settings/devices/logins/{Login.objects.first().uuid}/end/").status_code == 404
    )
    assert Login.objects.filter(ended_at=None).count() == 2


def test_a_new_password_ends_the_others_and_programs_too(user, workspace, rf):
    here, there = browser(user), browser(user)
    token = open_login(rf.get("/"), user, kind=LoginKind.TOKEN, name="notebook")
    new = "another-long-secret"
    answer = here.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302, answer.context["form"].errors
    assert is_in(here)
    assert not is_in(there)
    token.refresh_from_db()
    assert token.end_reason == EndReason.PASSWORD


def test_the_key_of_the_session_changes_and_stays_bound(user, workspace):
    """A password change rotates the session's key; ending the sign-in must still find it."""
    here = browser(user)
    before = here.session.session_key
    new = "another-long-secret"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert here.session.session_key != before
    end_login(Login.objects.get(ended_at=None), reason=EndReason.REVOKED, actor=user)
    assert not is_in(here)


def test_a_new_secret_key_logs_nobody_out_while_the_former_is_named(user, workspace, settings):
    signed_in, left_alone = Client(), Client()
    for client in (signed_in, left_alone):
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    former, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 60
    settings.SECRET_KEY_FALLBACKS = [former]
    assert signed_in.get("/settings/").status_code == 200
    login = Login.objects.get(session_key=signed_in.session.session_key)
    assert login.ended_at is None, "the log-in went along to the session's new key"
    settings.SECRET_KEY_FALLBACKS = []
    assert signed_in.get("/settings/").status_code == 200, "it was signed anew"
    assert left_alone.get("/settings/").status_code == 302


def test_seen_is_written_every_five_minutes_only(user, workspace, django_assert_num_queries):
    client = browser(user)
    seen = Login.objects.get().last_seen_at
    client.get("/settings/devices/")
    assert Login.objects.get().last_seen_at == seen
    session = client.session
    session["login"] = {**session["login"], "seen": session["login"]["seen"] - SEEN_EVERY_S - 1}
    session.save()
    client.get("/settings/devices/")
    assert Login.objects.get().last_seen_at > seen


@pytest.mark.parametrize(("age_days", "rest_days"), [(0, 14), (80, 10), (89, 1)])
def test_quiet_and_age_end_a_session(user, workspace, age_days, rest_days):
    """14 days of quiet, 90 days in all: the session's end is whichever comes first."""
    client = browser(user)
    session = client.session
    opened = session["login"]
    session["login"] = {**opened, "began": opened["began"] - age_days * 86400, "seen": 0}
    session.save()
    client.get("/settings/devices/")
    ends = Session.objects.get().expire_date - timezone.now()
    assert ends == pytest.approx(timedelta(days=rest_days), abs=timedelta(minutes=1))


@pytest.mark.django_db(transaction=True)
async def test_a_line_ends_when_the_account_gets_a_factor_that_its_session_lacks(transactional_db):
    from config.asgi import websocket_application

    user = await sync_to_async(UserFactory)()
    await sync_to_async(workspace_of)(user)
    client = await sync_to_async(browser)(user)
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    scope = {
        "type": "websocket",
        "path": "/ws/signals/",
        "headers": [(b"cookie", cookie), (b"origin", b"http://testserver"), (b"host", b"testserver")],
        "query_string": b"",
        "subprotocols": [],
    }
    codes = []
    for enrols in (True, False):
        socket = ApplicationCommunicator(websocket_application, scope)
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output(timeout=TIMEOUT_S))["type"] == "websocket.accept"
        if enrols:
            assert "ready" in (await socket.receive_output(timeout=TIMEOUT_S))["text"]
            await sync_to_async(enrol)(user)
        closed = await socket.receive_output(timeout=TIMEOUT_S)
        codes.append((closed["type"], closed["code"]))
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(timeout=TIMEOUT_S)
    assert codes == [("websocket.close", 1012), ("websocket.close", 4403)], "come again; then not without it"
    await sync_to_async(connections.close_all)()


@pytest.mark.django_db(transaction=True)
async def test_the_websockets_of_an_ended_sign_in_close(transactional_db):
    from config.asgi import websocket_application

    user = await sync_to_async(UserFactory)()
    await sync_to_async(workspace_of)(user)
    here, there = await sync_to_async(browser)(user), await sync_to_async(browser)(user)
    sockets = []
    for client in (here, there):
        headers = [
            (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()),
            (b"origin", b"http://testserver"),
            (b"host", b"testserver"),
        ]
        scope = {
            "type": "websocket",
            "path": "/ws/signals/",
            "headers": headers,
            "query_string": b"",
            "subprotocols": [],
        }
        socket = ApplicationCommunicator(websocket_application, scope)
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output(timeout=TIMEOUT_S))["type"] == "websocket.accept"
        assert "ready" in (await socket.receive_output(timeout=TIMEOUT_S))["text"]
        sockets.append(socket)
    second = await Login.objects.alast()
    await sync_to_async(end_login)(second, reason=EndReason.REVOKED, actor=user)
    closed = await sockets[1].receive_output(timeout=TIMEOUT_S)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
    assert await sockets[0].receive_nothing(timeout=0.3)
    for socket in sockets:
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(timeout=TIMEOUT_S)
    await sync_to_async(connections.close_all)()


def test_sign_ins_and_known_browsers_are_lists(user, workspace):
    here = browser(user)
    for number in range(11):
        Device.objects.create(
            user=user,
            token_hash=str(number),
            label="Phone",
            ip=f"192.0.2.{number}",
            last_seen_at=timezone.now(),
        )
    page = here.get("/settings/devices/")
    assert [login.user for login in page.context["list"].rows] == [user]
    assert len(page.context["devices"]) == 10
    assert "All known browsers" in page.content.decode()
    whole = here.get("/settings/devices/browsers/").context["list"]
    assert whole.total == "12"
    found = here.get("/settings/devices/browsers/", {"q": "192.0.2.7"}).context["list"]
    assert [device.ip for device in found.rows] == ["192.0.2.7"]
    assert here.get("/settings/devices/", {"q": "opera"}).context["list"].rows == []
