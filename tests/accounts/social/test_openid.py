"""Sign-in through another site: what must hold before anybody is let in by it."""

from __future__ import annotations

import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.accounts.models import Login, TotpDevice, User
from apps.journal.models import Entry
from tests.accounts.second_factors.conftest import STEP, code_of, enrol, wrong
from tests.accounts.social.provider import Provider
from tests.factories import UserFactory, workspace_of
from tests.signals.conftest import free_port

PATH = "/accounts/oidc/oidc/login/"


def use(settings, url: str) -> None:
    app = {
        "provider_id": "oidc", "name": "Home", "client_id": "candlewright", "secret": "s",
        "settings": {"server_url": url},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


@pytest.fixture
def provider(settings, db):
    found = Provider()
    use(settings, found.url)
    yield found
    found.server.shutdown()


def there_and_back(client: Client, *, process: str = "login", state: str = ""):
    """Press the button, follow to the provider, come back with its answer."""
    away = client.post(f"{PATH}?process={process}")
    assert away.status_code == 302, away.content
    back = httpx.get(away["Location"]).headers["Location"]
    parts = urlsplit(back)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return client.get(parts.path, query | ({"state": state} if state else {}))


def is_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


def test_a_newcomer_gets_an_account_a_workspace_and_is_in(provider):
    client = Client()
    assert there_and_back(client).status_code == 302
    user = User.objects.get(email="new@example.org")
    assert (user.name, user.owned_workspaces.count()) == ("New Person", 1)
    assert is_in(client)
    assert Login.objects.filter(user=user, ended_at=None).count() == 1


def test_the_same_person_comes_back(provider):
    there_and_back(Client())
    client = Client()
    there_and_back(client)
    assert is_in(client)
    assert User.objects.count() == 1


@pytest.mark.parametrize("fault", ["nonce", "audience", "issuer", "signature", "time", "missing", "person"])
def test_a_wrong_id_token_lets_nobody_in(provider, fault):
    there_and_back(Client())
    provider.fault = fault
    client = Client()
    answer = there_and_back(client)
    assert "did not work" in answer.content.decode()
    assert not is_in(client)


@pytest.mark.parametrize("state", ["made-up"])
def test_a_wrong_state_lets_nobody_in(provider, state):
    client = Client()
    there_and_back(client, state=state)
    assert not is_in(client)
    assert not User.objects.exists()


def test_an_answer_to_another_browser_is_worth_nothing(provider):
    away = Client().post(f"{PATH}?process=login")
    back = urlsplit(httpx.get(away["Location"]).headers["Location"])
    thief = Client()
    thief.get(back.path + "?" + back.query)
    assert not is_in(thief)


@pytest.mark.parametrize("confirmed", [True, False])
def test_claiming_somebodys_address_takes_nothing_over(provider, confirmed):
    victim = UserFactory(email="victim@example.org")
    provider.person |= {"sub": "thief", "email": "victim@example.org", "email_verified": confirmed}
    client = Client()
    assert there_and_back(client).status_code == 403
    assert not is_in(client)
    assert not SocialAccount.objects.filter(user=victim).exists()


def test_an_unconfirmed_address_makes_no_account(provider):
    provider.person["email_verified"] = False
    assert there_and_back(Client()).status_code == 403
    assert not User.objects.exists()


def test_connect_then_sign_in_then_disconnect(provider):
    user = UserFactory()
    workspace_of(user)
    client = Client()
    client.force_login(user)
    there_and_back(client, process="connect")
    account = SocialAccount.objects.get(user=user)
    other = Client()
    there_and_back(other)
    assert is_in(other)
    assert "Disconnect" in client.get("/accounts/3rdparty/").content.decode()
    client.post("/accounts/3rdparty/", {"account": account.pk})
    assert not SocialAccount.objects.exists()
    done = Entry.objects.filter(action__startswith="accounts.social").order_by("id")
    assert [entry.action for entry in done] == ["accounts.social.connected", "accounts.social.disconnected"]


def test_connecting_asks_who_is_there(provider):
    user = UserFactory()
    workspace_of(user)
    client = Client()
    client.force_login(user)
    session = client.session
    session["confirmed_at"] = 0
    session.save()
    answer = there_and_back(client, process="connect")
    assert answer.url.startswith("/settings/confirm/")
    assert not SocialAccount.objects.exists()


def test_a_suspended_person_stays_out(provider):
    there_and_back(Client())
    User.objects.update(is_active=False)
    client = Client()
    there_and_back(client)
    assert not is_in(client)


@pytest.fixture
def connected(provider) -> User:
    """Somebody who signs in by the provider, and has set up an authenticator app."""
    there_and_back(Client())
    user = User.objects.get(email="new@example.org")
    enrol(user)
    return user


def test_the_second_factor_is_asked_for_all_the_same(connected):
    client = Client()
    answer = there_and_back(client)
    assert (answer.status_code, answer["Location"]) == (302, STEP)
    assert not is_in(client)
    assert client.get("/api/v1/users/me/").status_code == 401
    assert Login.objects.filter(user=connected, second_factor_at__isnull=False).count() == 0
    totp = TotpDevice.objects.get(user=connected)
    client.post(STEP, {"code": wrong(totp)})
    assert not is_in(client)
    assert client.post(STEP, {"code": code_of(totp)}).status_code == 302
    assert is_in(client)
    assert Login.objects.get(user=connected, second_factor_at__isnull=False)


def test_a_provider_that_was_taken_over_does_not_skip_it(connected, provider):
    """What the provider says of factors of its own (`amr`, `acr`) is not believed."""
    provider.person |= {"amr": ["mfa", "otp"], "acr": "urn:mace:incommon:iap:silver"}
    client = Client()
    assert there_and_back(client)["Location"] == STEP
    assert not is_in(client)


def test_a_trusted_browser_is_not_asked_again_by_way_of_the_provider(connected):
    client = Client()
    there_and_back(client)
    totp = TotpDevice.objects.get(user=connected)
    client.post(STEP, {"code": code_of(totp), "trust": "on"})
    client.post("/accounts/logout/")
    there_and_back(client)
    assert is_in(client)
    assert there_and_back(Client())["Location"] == STEP, "another browser is"


def test_connecting_another_site_needs_the_second_factor_first(connected, provider):
    """Password or provider alone, before the code: the browser cannot add a way in of its own."""
    client = Client()
    there_and_back(client)
    provider.person |= {"sub": "thief", "email": "thief@example.org"}
    away = client.post(f"{PATH}?process=connect")
    if away.status_code == 302 and "/authorize" in away["Location"]:
        back = urlsplit(httpx.get(away["Location"]).headers["Location"])
        client.get(f"{back.path}?{back.query}")
    assert not SocialAccount.objects.filter(user=connected, uid="thief").exists()


def test_buttons_stand_where_a_provider_is_set_up(provider, settings):
    assert "Sign in with Home" in Client().get("/accounts/login/").content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "Sign in with Home" not in Client().get("/accounts/login/").content.decode()


def test_a_provider_that_others_wrote(settings, db):
    """oidc-provider-mock, in a process of its own."""
    port = free_port()
    claims = '{"sub": "ada", "email": "ada@example.org", "email_verified": true, "name": "Ada"}'
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), "--user-claims", claims]
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx.get(f"{url}/.well-known/openid-configuration")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        use(settings, url)
        client = Client()
        away = client.post(f"{PATH}?process=login")["Location"]
        back = urlsplit(httpx.post(away, data={"sub": "ada"}, timeout=30).headers["Location"])
        client.get(f"{back.path}?{back.query}")
        assert is_in(client)
        assert User.objects.get().email == "ada@example.org"
    finally:
        process.kill()
        process.wait()
