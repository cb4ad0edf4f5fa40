"""Making, changing, rotating and ending keys; who may, and what is written down."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.errors import BadKey
from apps.accounts.models import ApiKey, Membership
from apps.accounts.services import (
    change_api_key,
    create_api_key,
    revoke_api_key,
    rotate_api_key,
    tell_of_expiring_keys,
)
from apps.journal.models import Entry
from tests.accounts.keys.conftest import client_with, in_days
from tests.factories import UserFactory, workspace_of


def _actions() -> list[str]:
    return list(
        Entry.objects.filter(action__startswith="accounts.api_key")
        .order_by("id")
        .values_list("action", flat=True)
    )


@pytest.mark.parametrize(
    ("role", "values", "field", "words"),
    [
        ("analyst", {"scopes": ["signals.manage"]}, "scopes", "signals.manage"),
        ("owner", {"scopes": ["keys.use"]}, "scopes", "keys.use"),
        ("owner", {"scopes": ["formulas.fly"]}, "scopes", "formulas.fly"),
        ("owner", {"scopes": []}, "scopes", "at least one"),
        ("owner", {"allowed_networks": ["10.0.0.1/8"]}, "allowed_networks", "10.0.0.0/8"),
        ("owner", {"allowed_networks": ["office"]}, "allowed_networks", "office"),
        ("owner", {"allowed_networks": [f"10.0.0.{n}" for n in range(51)]}, "allowed_networks", "At most 50"),
        ("owner", {"expires_at": in_days(-1)}, "expires_at", "future"),
    ],
)
def test_wrong_wishes_are_refused_and_change_nothing(workspace, user, member, role, values, field, words):
    maker = user if role == "owner" else member(role)
    with pytest.raises(BadKey, match=words) as caught:
        create_api_key(workspace, name="n", actor=maker, **values)
    assert caught.value.field == field
    assert not ApiKey.objects.exists()
    assert not _actions()


def test_rotation_overlaps_and_keeps_the_settings(workspace, user):
    old, secret = create_api_key(
        workspace,
        name="n",
        actor=user,
        scopes=["formulas.view"],
        allowed_networks=["127.0.0.0/8"],
        requests_per_minute=7,
    )
    new, new_secret = rotate_api_key(old, actor=user, overlap=timedelta(hours=1))
    for text in (secret, new_secret):
        assert client_with(text).get("/api/v1/formulas/").status_code == 200
    same = ("name", "scopes", "allowed_networks", "requests_per_minute", "workspace_id", "user_id")
    assert [getattr(old, name) for name in same] == [getattr(new, name) for name in same]
    old.refresh_from_db()
    assert old.replaced_by == new
    assert abs(old.expires_at - in_days(1 / 24)) < timedelta(minutes=1)
    ApiKey.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert client_with(secret).get("/api/v1/formulas/").json()["code"] == "api_key_expired"
    assert client_with(new_secret).get("/api/v1/formulas/").status_code == 200


def test_rotation_never_prolongs_the_old_key_and_never_widens(workspace, member):
    user = member("admin")
    old, _ = create_api_key(workspace, name="n", actor=user, expires_at=in_days(0.5))
    Membership.objects.filter(user=user).update(role="viewer")
    new, _ = rotate_api_key(old, actor=user, overlap=timedelta(days=7))
    old.refresh_from_db()
    assert old.expires_at < in_days(0.51)
    assert set(new.scopes) == {
        "workspace.view", "markets.view", "formulas.view", "backtests.view", "signals.view", "trading.view", "bots.view"
    }  # fmt: skip


def test_a_key_is_rotated_once(workspace, user):
    old, _ = create_api_key(workspace, name="n", actor=user)
    rotate_api_key(old, actor=user)
    with pytest.raises(BadKey, match="successor"):
        rotate_api_key(old, actor=user)
    assert ApiKey.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_rotate_at_once_make_one_successor():
    user = UserFactory()
    key, _ = create_api_key(workspace_of(user), name="n", actor=user)
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def rotate() -> None:
        try:
            start.wait()
            rotate_api_key(key, actor=user)
            outcomes.append("rotated")
        except BadKey as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=rotate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["api_key_replaced", "rotated"]
    assert ApiKey.objects.count() == 2


def test_everything_is_journalled_and_no_secret_is(workspace, user):
    key, secret = create_api_key(workspace, name="n", actor=user)
    change_api_key(key, actor=user, name="m", allowed_networks=["10.0.0.1"], requests_per_minute=None)
    change_api_key(key, actor=user, name="m", allowed_networks=["10.0.0.1"], requests_per_minute=None)
    new, new_secret = rotate_api_key(key, actor=user)
    revoke_api_key(new, actor=user)
    revoke_api_key(new, actor=user)
    verbs = ["created", "changed", "rotated", "revoked"]
    assert _actions() == [f"accounts.api_key.{verb}" for verb in verbs]
    written = str(list(Entry.objects.values())) + str(list(ApiKey.objects.values()))
    for text in (secret, new_secret):
        assert text not in written
        assert text[9:] not in written


def test_a_notice_comes_once_two_weeks_before(workspace, user):
    ends = {"near": 13, "far": 15, "gone": -1}
    keys = {name: create_api_key(workspace, name=name, actor=user)[0] for name in ends}
    short, _ = create_api_key(workspace, name="short", actor=user, expires_at=in_days(7))
    for name, days in ends.items():
        ApiKey.objects.filter(pk=keys[name].pk).update(expires_at=in_days(days))
    ApiKey.objects.exclude(pk=short.pk).update(created_at=in_days(-300))
    assert tell_of_expiring_keys() == 1
    assert tell_of_expiring_keys() == 0
    entry = Entry.objects.get(action="accounts.api_key.expiring")
    assert entry.target_id == user.pk
    assert entry.changes["api_key"] == str(keys["near"])
