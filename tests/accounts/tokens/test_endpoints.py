"""The endpoints under /api/v1/auth/: flows, and that no answer tells who has an account."""

from __future__ import annotations

import io
import logging
import re
import uuid

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.models import Login, User
from apps.journal.models import Entry
from tests.accounts.keys.conftest import client_with

AUTH = "/api/v1/auth/"
PASSWORD = "correct-horse-battery"


def post(path: str, body: dict, client: APIClient | None = None):
    return (client or APIClient()).post(AUTH + path, body, format="json")


def _login(user, **more: str):
    return post("login/", {"email": user.email, "password": PASSWORD, **more})


def _address() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def _key_in_mail(pattern: str) -> str:
    found = re.search(pattern, mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found.group(1)


def test_log_in_use_and_log_out(user, workspace):
    answer = _login(user, client_name="notebook")
    assert answer.status_code == 200, answer.json()
    assert not answer.cookies
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    client = client_with(tokens["access"])
    assert client.get("/api/v1/users/me").json()["email"] == user.email
    assert [row["label"] for row in client.get(f"{AUTH}sessions/").json()] == ["notebook"]
    assert client.post(f"{AUTH}logout").status_code == 204
    assert client.get("/api/v1/users/me/").json()["code"] == "login_ended"
    assert post("refresh/", {"refresh": tokens["refresh"]}).json()["code"] == "login_ended"


def test_the_journal_says_by_which_program(user, workspace):
    access = _login(user, client_name="notebook").json()["access"]
    client_with(access).post("/api/v1/formulas/", {"name": "Mine", "text": "close"}, format="json")
    ways = dict(Entry.objects.order_by("id").values_list("action", "via"))
    assert ways["accounts.login.opened"] == "token"
    made = Entry.objects.get(action="formulas.formula.created")
    assert (made.via, made.via_detail) == ("token", "notebook")


def test_wrong_password_unknown_address_and_suspended_read_the_same(user, workspace, stranger):
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    answers = [
        post("login/", {"email": email, "password": "wrong-wrong-wrong"}).json()
        for email in (user.email, _address(), stranger.email)
    ]
    for answer in answers:
        answer.pop("request_id", None)
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["code"] == "login_failed"


def test_suspended_person_is_told_after_the_right_password_only(user, workspace):
    User.objects.filter(pk=user.pk).update(is_active=False, suspended_for="Unpaid.")
    answer = _login(user)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_suspended")
    assert "Unpaid." in answer.json()["detail"]
    assert not Login.objects.exists()


def test_guessing_is_slowed_down(user, workspace):
    for _ in range(5):
        assert post("login/", {"email": user.email, "password": "wrong-wrong"}).status_code == 401
    answer = _login(user)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert answer.json()["retry_after"] >= 1


def test_register_prove_the_address_and_log_in(db, mail_sent):
    email = _address()
    with mail_sent():
        assert post("register", {"email": email, "password": PASSWORD, "name": "Ana"}).status_code == 202
    person = User.objects.get(email=email)
    assert person.name == "Ana"
    assert person.owned_workspaces.get().kind == "personal"
    assert Entry.objects.filter(action="accounts.user.signed_up", target_id=person.pk).exists()
    key = _key_in_mail(r"confirm-email/([^/\s]+)/")
    assert post("email/verify/", {"key": key}).status_code == 204
    assert EmailAddress.objects.get(user=person).verified
    assert post("email/verify/", {"key": key}).json()["code"] == "link_refused"
    assert post("login/", {"email": email.upper(), "password": PASSWORD}).status_code == 200


def test_registering_a_known_address_answers_the_same_and_changes_nothing(user, workspace, mail_sent):
    with mail_sent():
        answer = post("register/", {"email": user.email.upper(), "password": "another-long-secret"})
        assert not mail.outbox, "sent by the worker, or the time would tell"
        new = post("register/", {"email": _address(), "password": "another-long-secret"})
    assert (answer.status_code, answer.content) == (new.status_code, new.content) == (202, b"")
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert mail.outbox[0].to == [user.email.upper()]
    assert "account" in mail.outbox[0].subject.lower()


@pytest.mark.parametrize("password", ["short", "12345678901", "password123"])
def test_passwords_are_held_to_the_rules_of_the_pages(db, password):
    email = _address()
    answer = post("register/", {"email": email, "password": password})
    assert answer.status_code == 400
    assert "password" in answer.json()["errors"]
    assert not User.objects.filter(email=email).exists()


def test_password_reset_ends_every_log_in(user, workspace, mail_sent):
    tokens = _login(user).json()
    with mail_sent():
        assert post("password/reset/", {"email": user.email}).status_code == 202
    key = _key_in_mail(r"password/reset/key/([^/\s]+)/")
    weak = post("password/reset/confirm/", {"key": key, "password": "short"})
    assert "password" in weak.json()["errors"]
    body = {"key": key, "password": "another-long-secret"}
    assert post("password/reset/confirm/", body).status_code == 204
    assert post("password/reset/confirm/", body).json()["code"] == "link_refused"
    assert client_with(tokens["access"]).get("/api/v1/users/me/").json()["code"] == "login_ended"
    assert _login(user).status_code == 401
    assert post("login/", {"email": user.email, "password": "another-long-secret"}).status_code == 200


@pytest.mark.parametrize("path", ["password/reset/", "email/verify/resend/"])
def test_asking_for_mail_answers_the_same_for_every_address(
    path, user, workspace, django_capture_on_commit_callbacks
):
    """Neither the words nor the work tell: the same queries, and a job for each, in which the account is looked for."""
    EmailAddress.objects.filter(user=user).update(verified=False)
    queries = []
    with django_capture_on_commit_callbacks() as queued:
        for email in (user.email, _address()):
            with CaptureQueriesContext(connection) as made:
                answer = post(path, {"email": email})
            assert (answer.status_code, answer.content) == (202, b"")
            queries.append([re.sub(r"'[^']*'|x\d+", "", query["sql"]) for query in made])
    assert queries[0] == queries[1]
    first, second = (callback.args[0] for callback in queued)
    assert first == second
    assert mail.outbox == []


def test_the_proof_is_mailed_again_to_whom_it_lacks_only(user, workspace, stranger, mail_sent):
    address = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True})[0]
    EmailAddress.objects.filter(pk=address.pk).update(verified=False)
    EmailAddress.objects.filter(user=stranger).update(verified=True)
    with mail_sent():
        for email in (user.email, stranger.email, _address()):
            post("email/verify/resend/", {"email": email})
    assert [message.to for message in mail.outbox] == [[user.email]]
    key = _key_in_mail(r"confirm-email/([^/\s]+)/")
    assert post("email/verify/", {"key": key}).status_code == 204


@pytest.mark.parametrize("key", ["x", "-x", "1-x", "é-x", " -", "zzzzzzzzzzzzzzz-x"])
def test_a_key_that_no_mail_held_is_refused(db, key):
    refused = post("password/reset/confirm/", {"key": key, "password": "another-long-secret"})
    assert (refused.status_code, refused.json()["code"]) == (422, "link_refused")


def test_step_up_opens_what_asks_for_it(user, workspace):
    client = client_with(_login(user).json()["access"])
    Login.objects.update(confirmed_at=None)
    asked = {"name": "n", "scopes": ["formulas.view"]}
    assert client.post("/api/v1/api-keys/", asked, format="json").json()["code"] == "confirmation_required"
    assert post("confirm/", {"password": "wrong"}, client).status_code == 400
    assert client.post("/api/v1/api-keys/", asked, format="json").status_code == 403
    assert post("confirm/", {"password": PASSWORD}, client).status_code == 204
    answer = client.post("/api/v1/api-keys/", asked, format="json")
    assert answer.status_code == 201
    key = client_with(answer.json()["secret"])
    for path in ("confirm/", "logout/"):
        assert post(path, {"password": PASSWORD}, key).status_code == 403
    assert key.get(f"{AUTH}sessions/").status_code == 403


def test_log_ins_are_listed_and_ended(user, workspace, stranger):
    here, there, third = (client_with(_login(user).json()["access"]) for _ in range(3))
    foreign = client_with(_login(stranger).json()["access"])
    rows = here.get(f"{AUTH}sessions/").json()
    assert len(rows) == 3
    assert sum(row["is_current"] for row in rows) == 1
    other = next(row for row in there.get(f"{AUTH}sessions/").json() if row["is_current"])
    assert foreign.delete(f"{AUTH}sessions/{other['uuid']}/").status_code == 404
    assert here.delete(f"{AUTH}sessions/{other['uuid']}/").status_code == 204
    assert there.get("/api/v1/users/me/").status_code == 401
    assert here.delete(f"{AUTH}sessions/").status_code == 204
    assert third.get("/api/v1/users/me/").status_code == 401
    assert here.get("/api/v1/users/me/").status_code == 200
    assert foreign.get("/api/v1/users/me/").status_code == 200


def test_no_secret_reaches_log_journal_or_database(user, workspace, capfd):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        tokens = _login(user).json()
        again = post("refresh/", {"refresh": tokens["refresh"]}).json()
        key = client_with(again["access"]).post(
            "/api/v1/api-keys/", {"name": "n", "scopes": ["formulas.view"]}, format="json"
        )
        secret = key.json()["secret"]
        answers = [
            client_with(text).get("/api/v1/nothing/").content.decode()
            for text in (again["access"], secret, secret[:-1], tokens["refresh"])
        ]
        post("login/", {"email": user.email, "password": "a-wrong-secret-word"})
        post("refresh/", {"refresh": tokens["refresh"]})
    finally:
        logging.getLogger().removeHandler(handler)
    captured = capfd.readouterr()
    kept = [str(list(model.objects.values())) for model in _all_models()]
    written = "\n".join([stream.getvalue(), captured.out, captured.err, *answers, *kept])
    signature = tokens["access"].rpartition(".")[2]
    for hidden in (tokens["refresh"], again["refresh"], secret, signature, PASSWORD, "a-wrong-secret-word"):
        assert hidden not in written
    assert django_settings.SECRET_KEY not in written


def _all_models():
    from django.apps import apps

    return [model for model in apps.get_models() if model._meta.app_label in ("accounts", "journal", "core")]
