"""One formula shared with one person outside: what each level opens, what stays shut, and how it begins and ends."""

from __future__ import annotations

import io
import threading

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services import (
    close_workspace,
    create_api_key,
    create_team,
    ensure_personal_workspace,
    remove_member,
)
from apps.accounts.services.privacy import erase_user, erase_workspace, request_erasure
from apps.formulas.models import Formula, FormulaGrant, FormulaShare
from apps.formulas.selectors import shared_with
from apps.formulas.services import (
    add_case,
    archive_formula,
    change_share,
    create_formula,
    fork_formula,
    publish_formula,
    revoke_share,
    send_share,
    share_formula,
    unarchive_formula,
)
from apps.journal.models import Entry
from apps.markets.services import import_bars
from tests.factories import CROSS, UserFactory, wave_csv

TEXT = "long when close > 10"


@pytest.fixture
def formula(workspace, user) -> Formula:
    formula = create_formula(workspace, name="Secret sauce", text=TEXT, actor=user)
    add_case(formula, {"name": "fires", "bars": [9, 11], "signals": [{"bar": 1, "kind": "long"}]}, actor=user)
    publish_formula(formula, actor=user)
    create_formula(workspace, name="Another", text=TEXT, actor=user)
    return formula


@pytest.fixture
def outside(stranger) -> Client:
    client = Client()
    client.force_login(stranger)
    return client


@pytest.fixture
def outside_api(stranger) -> APIClient:
    client = APIClient()
    client.force_login(stranger)
    return client


def _share(formula, person, level="view", email=None) -> FormulaShare:
    owner = User.objects.get(pk=formula.workspace.owner_id)
    return share_formula(formula, email=email or person.email, level=level, actor=owner)


# (method, path below the formula, body): the answer without a share, then for view, copy, edit
PAGES = {
    ("get", ""): (404, 200, 200, 200),
    ("get", "explain/"): (404, 200, 200, 200),
    ("get", "history/"): (404, 200, 200, 200),
    ("get", "export/"): (404, 403, 200, 200),
    ("get", "pine/"): (404, 403, 200, 200),
    ("get", "pine/file/"): (404, 403, 200, 200),
    ("post", "fork/"): (404, 403, 302, 302),
    ("post", "versions/1/fork/"): (404, 403, 302, 302),
    ("post", ""): (404, 403, 403, 302),
    # never
    ("get", "tests/"): (404,) * 4,
    ("get", "tests/new/"): (404,) * 4,
    ("get", "shares/"): (404,) * 4,
    ("post", "shares/"): (404,) * 4,
    ("post", "publish/"): (404,) * 4,
    ("post", "archive/"): (404,) * 4,
    ("post", "unarchive/"): (404,) * 4,
    ("post", "versions/1/restore/"): (404,) * 4,
}
API = {
    ("get", ""): (404, 200, 200, 200),
    ("get", "versions/"): (404, 200, 200, 200),
    ("get", "compare/?old=1"): (404, 200, 200, 200),
    ("post", "fork/"): (404, 403, 201, 201),
    ("post", "versions/1/fork/"): (404, 403, 201, 201),
    ("patch", ""): (404, 403, 403, 200),
    # never
    ("delete", ""): (404,) * 4,
    ("get", "versions/1/"): (404,) * 4,
    ("get", "lineage/"): (404,) * 4,
    ("get", "cases/"): (404,) * 4,
    ("post", "cases/run/"): (404,) * 4,
    ("post", "publish/"): (404,) * 4,
    ("post", "versions/1/restore/"): (404,) * 4,
    ("get", "shares/"): (404,) * 4,
    ("post", "shares/"): (404,) * 4,
}


@pytest.mark.parametrize("level", ["none", "view", "copy", "edit"])
def test_each_level_opens_what_it_says_and_no_more(formula, stranger, outside, outside_api, level):
    column = ("none", "view", "copy", "edit").index(level)
    if level != "none":
        _share(formula, stranger, level)
    body = {"name": "Renamed", "text": "long when close > 12", "email": "x@example.com", "level": "edit"}
    wrong = {}
    for (method, path), expected in PAGES.items():
        cache.clear()
        answer = getattr(outside, method)(
            f"/formulas/{formula.uuid}/{path}", body if method == "post" else {}
        )
        if answer.status_code != expected[column]:
            wrong[("page", method, path)] = (answer.status_code, expected[column])
    for (method, path), expected in API.items():
        cache.clear()
        sent = {"text": TEXT} if method == "patch" else {}
        sent |= {"email": "x@example.com", "level": "edit"} if path == "shares/" else {}
        options = {"data": sent, "format": "json"} if method != "get" else {}
        answer = getattr(outside_api, method)(
            f"/api/v1/formulas/{formula.uuid}/{path}", headers={"If-Match": "*"}, **options
        )
        if answer.status_code != expected[column]:
            wrong[("api", method, path)] = (answer.status_code, expected[column])
    assert wrong == {}
    formula.refresh_from_db()
    assert formula.text == TEXT
    assert formula.name == ("Renamed" if level == "edit" else "Secret sauce")
    assert (formula.versions.count(), formula.archived_at) == (1, None)


def test_outsider_sees_that_formula_only(formula, stranger, outside, outside_api, question, user):
    from apps.backtests.services import run_backtest, submit_backtest

    backtest, _ = submit_backtest(formula.workspace, question, actor=user)
    run_backtest(backtest.pk)
    other = Formula.objects.get(name="Another")
    _share(formula, stranger, "edit")
    paths = (
        f"/formulas/{other.uuid}/",
        f"/backtests/{backtest.uuid}/",
        f"/backtests/new/{formula.uuid}/",
        f"/backtests/sweeps/new/{formula.uuid}/",
        f"/markets/bars/{question.bar_set.uuid}/",
        f"/formulas/{formula.uuid}/explain/bars/?bar_set={question.bar_set.uuid}",
    )
    answers = {path: outside.get(path).status_code for path in paths}
    assert answers.pop(paths[-1]) == 422  # a market that is not one of his
    assert set(answers.values()) == {404}, answers
    for path in (f"backtests/{backtest.uuid}/", f"trials/?formula={formula.uuid}", f"formulas/{other.uuid}/"):
        assert outside_api.get(f"/api/v1/{path}").status_code == 404, path
    assert [row["name"] for row in outside_api.get("/api/v1/formulas/").json()["results"]] == []
    shared = outside_api.get("/api/v1/formulas/?shared=true").json()["results"]
    assert [(row["name"], row["access"]) for row in shared] == [("Secret sauce", "edit")]
    page = outside.get("/formulas/shared/").content.decode()
    assert "Secret sauce" in page
    assert "Another" not in page


def test_neither_colleagues_nor_the_ancestor_are_named(formula, stranger, user, outside, outside_api):
    fork = fork_formula(formula, workspace=formula.workspace, actor=user)
    publish_formula(fork, actor=user)
    _share(fork, stranger, "edit")
    where = f"/api/v1/formulas/{fork.uuid}/"
    shown = outside_api.get(where).json()
    assert (shown["forked_from_label"], shown["forked_from_hash"]) == ("", "")
    assert [row["published_by"] for row in outside_api.get(where + "versions/").json()] == [None]
    history = outside.get(f"/formulas/{fork.uuid}/history/").content.decode()
    assert str(user) not in history
    assert "Secret sauce v1" not in history


def test_outsider_draws_it_on_bars_of_his_own(formula, stranger, outside):
    _share(formula, stranger)
    theirs = ensure_personal_workspace(stranger)
    bars = import_bars(theirs, symbol="HIS", file=io.BytesIO(wave_csv()), filename="w.csv", actor=stranger)
    answer = outside.get(f"/formulas/{formula.uuid}/explain/bars/?bar_set={bars.uuid}")
    assert (answer.status_code, len(answer.json()["time"]) > 100) == (200, True)


def test_copy_into_another_workspace_takes_neither_tests_nor_trials(formula, stranger, user):
    version = formula.versions.get()
    for source in (formula, version):
        copy = fork_formula(source, workspace=ensure_personal_workspace(stranger), actor=stranger)
        assert (copy.text, copy.cases.count(), copy.parent_uuid) == (TEXT, 0, None)
        assert copy.forked_from_label == "Secret sauce v1"
    inside = fork_formula(formula, workspace=formula.workspace, actor=user)
    assert (inside.cases.count(), inside.parent_uuid) == (1, formula.uuid)


def test_share_waits_until_the_address_is_confirmed(formula):
    share = _share(formula, None, "copy", email="Late@Example.org")
    assert (share.person, FormulaGrant.objects.count()) == (None, 0)
    late = User.objects.create_user("late@example.org", "correct-horse-battery")
    address = EmailAddress.objects.create(user=late, email="late@example.org", primary=True, verified=False)
    assert not shared_with(late).exists()
    address.verified = True
    address.save()
    assert [found.level for found in shared_with(late)] == ["copy"]
    assert Entry.objects.filter(
        workspace_id=ensure_personal_workspace(late).pk, action="formulas.share.received", actor_id=late.pk
    ).exists()


@pytest.mark.django_db(transaction=True)
def test_sharing_and_confirming_at_once_do_not_miss_one_another(formula, stranger):
    address = EmailAddress.objects.create(user=stranger, email="second@example.org", verified=False)

    def confirm() -> None:
        address.verified = True
        try:
            address.save()
        finally:
            connection.close()

    other = threading.Thread(target=confirm)
    with transaction.atomic():
        assert _share(formula, None, email="second@example.org").person is None
        other.start()
        other.join(timeout=0.4)  # time to look for shares before this one is committed
    other.join()
    assert shared_with(stranger).exists()


def test_an_address_somebody_claims_without_proof_gets_nothing(formula, stranger):
    EmailAddress.objects.create(user=stranger, email="ceo@example.org", verified=False)
    share = _share(formula, None, "edit", email="ceo@example.org")
    assert share.person is None
    assert not shared_with(stranger).exists()


def test_level_changes_and_revoking_count_at_once(formula, stranger, user, outside):
    share = _share(formula, stranger, "edit")
    path = f"/formulas/{formula.uuid}/"
    assert outside.post(path, {"name": "N", "text": TEXT}).status_code == 302
    share = change_share(share, level="view", actor=user)
    assert outside.post(path, {"name": "M", "text": TEXT}).status_code == 403
    assert FormulaGrant.objects.filter(user=stranger).count() == 1
    revoke_share(share, actor=user)
    assert outside.get(path).status_code == 404
    assert (FormulaGrant.objects.count(), FormulaShare.objects.count()) == (0, 0)


def test_both_journals_say_it_without_the_address_of_the_other(web, formula, stranger, outside):
    theirs = ensure_personal_workspace(stranger)
    web.post(
        f"/formulas/{formula.uuid}/shares/",
        {"email": stranger.email, "level": "view"},
        REMOTE_ADDR="192.0.2.7",
    )
    outside.post(f"/formulas/{formula.uuid}/leave/", REMOTE_ADDR="192.0.2.99")
    entries = Entry.objects.filter(action__startswith="formulas.share.").order_by("id")
    found = [
        (entry.action.rpartition(".")[2], entry.workspace_id, entry.ip or None, entry.changes["level"])
        for entry in entries
    ]
    assert found == [
        ("made", formula.workspace_id, "192.0.2.7", "view"),
        ("made", theirs.pk, None, "view"),
        ("left", formula.workspace_id, None, "view"),
        ("left", theirs.pk, "192.0.2.99", "view"),
    ]
    assert not FormulaGrant.objects.exists()


def test_edits_from_outside_stand_in_the_owners_journal(formula, stranger, outside):
    _share(formula, stranger, "edit")
    outside.post(
        f"/formulas/{formula.uuid}/",
        {"name": "Secret sauce", "text": "long when close > 99", "next": "publish"},
    )
    entry = Entry.objects.get(action="formulas.formula.edited")
    assert (entry.workspace_id, entry.actor_id) == (formula.workspace_id, stranger.pk)
    assert formula.versions.count() == 1  # asking to publish besides does nothing


def test_archived_and_closing_hide_it_and_give_it_back(formula, stranger, user):
    team = create_team(name="Desk", actor=user)
    ours = create_formula(team, name="Ours", text=TEXT, actor=user)
    _share(ours, stranger)
    assert shared_with(stranger).exists()
    archive_formula(ours, actor=user)
    assert not shared_with(stranger).exists()
    unarchive_formula(ours, actor=user)
    Workspace.objects.filter(pk=team.pk).update(closes_at="2099-01-01T00:00Z")
    assert not shared_with(stranger).exists()
    Workspace.objects.filter(pk=team.pk).update(closes_at=None)
    assert shared_with(stranger).exists()


def test_the_role_decides_for_members_not_an_older_share(formula, stranger, user):
    team = create_team(name="Desk", actor=user)
    ours = create_formula(team, name="Ours", text=TEXT, actor=user)
    _share(ours, stranger, "edit")
    member = Membership.objects.create(workspace=team, user=stranger, role=Role.VIEWER)
    assert not shared_with(stranger, "edit").exists()
    remove_member(member, actor=user)
    assert not shared_with(stranger).exists()  # nor may it come back to life when the person is removed
    assert not FormulaGrant.objects.exists()
    assert Entry.objects.filter(workspace_id=team.pk, action="formulas.share.joined").count() == 1


def test_a_share_goes_with_the_person_and_with_the_workspace(formula, stranger, user):
    waits = _share(formula, None, email="nobody@example.org")
    _share(formula, stranger, "edit")
    request_erasure(stranger, actor=stranger)
    User.objects.filter(pk=stranger.pk).update(erase_at=timezone.now())
    assert erase_user(User.objects.get(pk=stranger.pk))
    assert list(FormulaShare.objects.values_list("pk", flat=True)) == [waits.pk]
    assert not FormulaGrant.objects.exists()
    team = create_team(name="Desk", actor=user)
    other = UserFactory()
    _share(create_formula(team, name="Ours", text=TEXT, actor=user), other, "copy")
    close_workspace(team, actor=user)
    Workspace.objects.filter(pk=team.pk).update(closes_at=timezone.now())
    assert erase_workspace(Workspace.objects.get(pk=team.pk))
    assert not FormulaGrant.objects.exists()
    assert not shared_with(other).exists()


def test_staff_have_no_way_in_by_being_superuser(formula, outside, stranger):
    User.objects.filter(pk=stranger.pk).update(is_superuser=True, is_staff=True)
    assert not shared_with(User.objects.get(pk=stranger.pk)).exists()


def test_api_key_stays_in_its_workspace(formula, stranger):
    _share(formula, stranger, "edit")
    theirs = ensure_personal_workspace(stranger)
    scopes = ["formulas.view", "formulas.edit"]
    _, secret = create_api_key(theirs, name="k", actor=stranger, scopes=scopes)
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    assert client.get(f"/api/v1/formulas/{formula.uuid}/").status_code == 404
    assert client.get("/api/v1/formulas/?shared=true").json()["results"] == []


@pytest.mark.parametrize("person, words", [("member", "a member of"), ("again", "has this formula already")])
def test_refusals_name_the_field(web, formula, stranger, user, person, words):
    email = user.email if person == "member" else stranger.email.upper()
    if person == "again":
        _share(formula, stranger)
    answer = web.post(f"/formulas/{formula.uuid}/shares/", {"email": email, "level": "view"})
    assert answer.status_code == 422
    assert words in answer.context["form"].errors["email"][0]


def test_mail_says_who_what_and_where_in_both_forms(formula, stranger, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send_share(_share(formula, stranger).pk)
    send_share(_share(formula, None, email="new+one@example.org").pk)
    known, new = mail.outbox
    html = known.alternatives[0][0]
    assert "shares the formula Secret sauce with you" in known.subject
    assert f"/formulas/{formula.uuid}/" in known.body
    assert f"/formulas/{formula.uuid}/" in html
    assert "/accounts/signup/?email=new%2Bone%40example.org" in new.body
    assert "Sign up" in new.alternatives[0][0]


def test_pages_of_the_panel_and_of_each_level(web, formula, stranger, outside):
    share = _share(formula, stranger)
    page = web.get(f"/formulas/{formula.uuid}/shares/").content.decode()
    assert stranger.email in page
    assert web.post(f"/formulas/{formula.uuid}/shares/{share.uuid}/", {"level": "copy"}).status_code == 302
    shown = outside.get(f"/formulas/{formula.uuid}/").content.decode()
    assert "Copy to" in shown
    assert "readonly" in shown
    assert 'value="publish"' not in shown
    assert "/shares/" not in shown
    assert 'value="stay"' not in shown
    assert web.post(f"/formulas/{formula.uuid}/shares/{share.uuid}/", {"level": "boss"}).status_code == 422
    assert web.post(f"/formulas/{formula.uuid}/shares/{share.uuid}/revoke/").status_code == 302
    assert not FormulaShare.objects.exists()


def test_analysts_write_formulas_but_do_not_share_them(user, stranger):
    team = create_team(name="Desk", actor=user)
    ours = create_formula(team, name="Ours", text=CROSS, actor=user)
    analyst = UserFactory()
    Membership.objects.create(workspace=team, user=analyst, role=Role.ANALYST)
    client = APIClient(headers={"X-Workspace": str(team.uuid)})
    client.force_login(analyst)
    path = f"/api/v1/formulas/{ours.uuid}/"
    assert client.get(path).status_code == 200
    body = {"email": stranger.email, "level": "view"}
    assert client.post(path + "shares/", body, format="json").status_code == 403


def test_api_shares_changes_and_ends(api, formula, stranger, outside_api):
    path = f"/api/v1/formulas/{formula.uuid}/shares/"
    made = api.post(path, {"email": stranger.email, "level": "view"}, format="json")
    assert (made.status_code, made.json()["email"], made.json()["level"]) == (201, stranger.email, "view")
    assert api.post(path, {"email": stranger.email, "level": "view"}, format="json").status_code == 409
    one = path + made.json()["uuid"] + "/"
    tag = api.get(one)["ETag"]
    assert api.patch(one, {"level": "edit"}, format="json").status_code == 428
    assert (
        api.patch(one, {"level": "edit"}, format="json", headers={"If-Match": tag}).json()["level"] == "edit"
    )
    assert [row["level"] for row in api.get(path).json()] == ["edit"]
    read = outside_api.get(f"/api/v1/formulas/{formula.uuid}/")
    assert read.json()["access"] == "edit"
    change = {"text": "long when close > 3"}
    headers = {"If-Match": read["ETag"]}
    where = f"/api/v1/formulas/{formula.uuid}/"
    changed = outside_api.patch(where, change, format="json", headers=headers)
    assert (changed.status_code, changed.json()["access"]) == (200, "edit")
    assert outside_api.patch(where, change, format="json", headers=headers).status_code == 412
    assert api.delete(one).status_code == 204
    assert outside_api.get(where).status_code == 404
    assert outside_api.post(where + "leave/").status_code == 404
