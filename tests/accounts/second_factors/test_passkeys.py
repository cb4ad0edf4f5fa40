"""Passkeys, against an authenticator written from the specification: making, showing, and every wrong answer."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from apps.accounts.errors import PasskeyRefused
from apps.accounts.models import Passkey
from apps.accounts.services.second_factors import relying_party
from apps.journal.models import Entry
from tests.accounts.second_factors.authenticator import Authenticator
from tests.accounts.second_factors.conftest import STEP, enrol, give_password, is_in
from tests.factories import UserFactory, workspace_of

HOST = {"HTTP_HOST": "localhost"}
NEW, OPTIONS = "/settings/security/passkeys/new/", "/settings/security/passkeys/options/"
QUESTION, ALONE = "/accounts/second-factor/passkey/", "/accounts/login/passkey/"


@pytest.fixture
def key() -> Authenticator:
    return Authenticator()


def browser(person=None) -> Client:
    client = Client(**HOST)
    return give_password(person, client) if person else client


def add(client: Client, key: Authenticator, name: str = "Laptop"):
    options = client.post(OPTIONS).json()
    return client.post(NEW, {"name": name, "passkey": key.make(options)})


@pytest.fixture
def holder(person, key):
    """A person whose passkey `key` is."""
    answer = add(browser(person), key)
    assert answer.status_code == 302, answer.content
    person.refresh_from_db()
    return person


def test_making_one(person, key):
    client = browser(person)
    answer = add(client, key)
    assert answer["Location"] == "/settings/security/backup-codes/"
    passkey = Passkey.objects.get()
    assert (passkey.name, passkey.rp_id, passkey.transports) == ("Laptop", "localhost", ["internal"])
    assert is_in(client), "the browser that made it has shown it"
    assert Entry.objects.filter(action="accounts.second_factor.added").count() == 1


def test_as_second_factor(holder, key):
    client = browser(holder)
    assert not is_in(client)
    key.counter = 1
    assert client.post(STEP, {"passkey": key.show(client.post(QUESTION).json())})["Location"] == "/dashboard/"
    assert is_in(client)
    passkey = Passkey.objects.get()
    assert passkey.sign_count == 1
    assert passkey.last_used_at is not None


def test_alone_it_stands_for_both(holder, key):
    client = browser()
    options = client.post(QUESTION, {"anybody": "1"}).json()
    assert options["publicKey"]["userVerification"] == "required"
    assert not options["publicKey"].get("allowCredentials")
    key.counter = 1
    answer = client.post(ALONE, {"passkey": key.show(options), "next": "/markets/"})
    assert answer["Location"] == "/markets/"
    assert is_in(client)


def test_alone_it_must_verify_its_holder(holder, key):
    client = browser()
    key.verifies = False
    key.counter = 1
    client.post(ALONE, {"passkey": key.show(client.post(QUESTION, {"anybody": "1"}).json())})
    assert not is_in(client)


def test_answer_to_a_question_without_a_person_is_no_second_factor(holder, key):
    """Else the weaker question (no verification) of a second factor could be answered for a whole log-in."""
    client = browser(holder)
    weak = client.post(QUESTION).json()
    key.verifies, key.counter = False, 1
    assert client.post(ALONE, {"passkey": key.show(weak)}).status_code == 302
    assert not is_in(client)


@pytest.mark.parametrize(
    "origin", ["http://localhost:8000", "https://localhost", "https://evil.example", "null"]
)
def test_answer_from_another_site(holder, key, origin):
    client = browser(holder)
    assert (
        client.post(STEP, {"passkey": key.show(client.post(QUESTION).json(), origin=origin)}).status_code
        == 400
    )
    assert not is_in(client)


def test_answer_counts_once(holder, key):
    client = browser(holder)
    key.counter = 1
    answer = key.show(client.post(QUESTION).json())
    client.post(STEP, {"passkey": answer})
    other = browser(holder)
    other.post(QUESTION)
    assert other.post(STEP, {"passkey": answer}).status_code == 400
    assert not is_in(other)


def test_question_expires(holder, key):
    client = browser(holder)
    options = client.post(QUESTION).json()
    session = client.session
    session["passkey.checking"] = {
        **session["passkey.checking"],
        "at": session["passkey.checking"]["at"] - 301,
    }
    session.save()
    assert client.post(STEP, {"passkey": key.show(options)}).status_code == 400


def test_copied_authenticator_is_found_out(holder, key):
    client = browser(holder)
    key.counter = 5
    client.post(STEP, {"passkey": key.show(client.post(QUESTION).json())})
    copy = browser(holder)
    for counter in (5, 4):
        key.counter = counter
        page = copy.post(STEP, {"passkey": key.show(copy.post(QUESTION).json())})
        assert page.status_code == 400
        assert b"copied" in page.content
    assert not is_in(copy)
    told = Entry.objects.filter(action="accounts.second_factor.copied")
    assert {entry.target_id for entry in told} == {holder.pk}


def test_authenticator_that_does_not_count_works_again_and_again(holder, key):
    for _ in range(2):
        client = browser(holder)
        client.post(STEP, {"passkey": key.show(client.post(QUESTION).json())})
        assert is_in(client)


def test_passkey_of_somebody_else(holder, key):
    other = UserFactory()
    workspace_of(other)
    theirs = Authenticator()
    assert add(browser(other), theirs).status_code == 302
    client = browser(holder)
    options = client.post(QUESTION).json()
    assert client.post(STEP, {"passkey": theirs.show(options)}).status_code == 400
    key.holder = other.uuid.bytes  # the right key, naming another person
    assert client.post(STEP, {"passkey": key.show(client.post(QUESTION).json())}).status_code == 400
    assert not is_in(client)


def test_false_signature(holder, key):
    client = browser(holder)
    forged = Authenticator(credential_id=key.credential_id, holder=key.holder)
    assert client.post(STEP, {"passkey": forged.show(client.post(QUESTION).json())}).status_code == 400
    assert not is_in(client)


@pytest.mark.parametrize(
    "junk",
    ["{", "[]", "null", '"x"', "{}", '{"id": "a", "rawId": "b"}', '{"rawId": 1, "response": []}',
     '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"YQ","authenticatorData":"YQ","signature":"YQ"}}'],
)  # fmt: skip
def test_junk_is_refused_in_words(holder, junk):
    client = browser(holder)
    client.post(QUESTION)
    assert client.post(STEP, {"passkey": junk}).status_code == 400
    maker = browser(person := UserFactory())
    workspace_of(person)
    maker.post(OPTIONS)
    assert maker.post(NEW, {"name": "x", "passkey": junk}).status_code == 400


def test_same_passkey_cannot_be_registered_twice(holder, key):
    other = browser(person := UserFactory())
    workspace_of(person)
    page = add(other, key)
    assert page.status_code == 400
    assert b"registered already" in page.content


def test_browser_is_told_which_it_has(holder, key):
    client = browser(holder)
    key.counter = 1
    client.post(STEP, {"passkey": key.show(client.post(QUESTION).json())})
    excluded = client.post(OPTIONS).json()["publicKey"]["excludeCredentials"]
    assert [entry["id"] for entry in excluded] == [
        json.loads(key.show({"publicKey": {"challenge": ""}}))["id"]
    ]


@pytest.mark.parametrize(
    ("host", "secure", "works"),
    [("127.0.0.1:8000", False, False), ("[::1]:8000", False, False), ("203.0.113.5", True, False),
     ("localhost:8000", False, True), ("app.example.com", False, False), ("app.example.com", True, True)],
)  # fmt: skip
def test_where_passkeys_work(rf, host, secure, works):
    assert (relying_party(rf.get("/", HTTP_HOST=host, secure=secure)) is not None) is works


def test_page_at_an_ip_address_says_what_is_missing(person):
    client = give_password(person, Client(HTTP_HOST="127.0.0.1:8000"))
    assert b"bound to a host name" in client.get(NEW).content
    assert client.post(OPTIONS).json()["code"] == PasskeyRefused.code


def test_rename_and_remove_only_ones_own(holder, key):
    passkey = Passkey.objects.get()
    stranger = browser(person := UserFactory())
    workspace_of(person)
    for deed in ("rename", "remove"):
        assert (
            stranger.post(f"/settings/security/passkeys/{passkey.uuid}/{deed}/", {"name": "x"}).status_code
            == 404
        )
    enrol(holder)
    client = browser(holder)
    key.counter = 1
    client.post(STEP, {"passkey": key.show(client.post(QUESTION).json())})
    client.post(f"/settings/security/passkeys/{passkey.uuid}/rename/", {"name": "Blue key"})
    assert Passkey.objects.get().name == "Blue key"
    client.post(f"/settings/security/passkeys/{passkey.uuid}/remove/")
    assert not Passkey.objects.exists()
