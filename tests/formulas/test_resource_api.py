"""Versions, forks, lineage and tests of formulas by program."""

from __future__ import annotations

import json

import pytest

from apps.formulas.models import Formula
from apps.formulas.services import create_formula, publish_formula
from tests.factories import CROSS
from tests.formulas.vector import UT_BOT, VECTOR

CASE = {"name": "fires", "bars": [9, 11], "signals": [{"bar": 1, "kind": "long"}]}


@pytest.fixture
def formula(workspace, user) -> Formula:
    return create_formula(workspace, name="Above", text="long when close > 10", actor=user)


@pytest.fixture
def path(formula) -> str:
    return f"/api/v1/formulas/{formula.uuid}/"


def test_versions_are_listed_shown_and_restored(api, path):
    answer = api.post(path + "publish/", {"note": "First"}, format="json")
    assert (answer.status_code, answer.json()["note"]) == (201, "First")
    api.patch(path, {"text": "long when close > 12"}, format="json", headers={"If-Match": "*"})
    assert api.post(path + "publish/").json()["number"] == 2
    assert [version["number"] for version in api.get(path + "versions/").json()] == [2, 1]
    first = api.get(path + "versions/1/").json()
    assert (first["text"], first["cases"]) == ("long when close > 10", [])
    assert api.get(path + "versions/3/").status_code == 404
    assert api.post(path + "versions/1/restore/").json()["text"] == "long when close > 10"


def test_versions_are_compared(api, path, formula, user, bar_set, stranger):
    publish_formula(formula, actor=user)
    api.patch(path, {"text": "long when close > 11"}, format="json", headers={"If-Match": "*"})
    found = api.get(path + f"compare/?old=1&bar_set={bar_set.uuid}").json()
    assert "`close > 10` → `> 11`" in found["summary"]
    assert found["signals"]["added_count"] == 0
    assert api.get(path + "compare/?old=draft&new=draft").json()["changes"] == []
    for wrong in (
        "old=2",
        "old=x",
        "old=-1",
        "old=" + "9" * 30,
        "old=1&bar_set=x",
        f"old=1&bar_set={formula.uuid}",
    ):
        assert api.get(f"{path}compare/?{wrong}").status_code == 404, wrong


def test_forks_and_their_lineage(api, path, formula, user):
    publish_formula(formula, actor=user)
    fork = api.post(path + "versions/1/fork/", {"name": "Mine"}, format="json")
    assert fork.status_code == 201
    assert (fork.json()["name"], fork.json()["forked_from_label"]) == ("Mine", "Above v1")
    assert api.post(path + "fork/").json()["name"] == "Above (fork)"
    below = api.get(path + "lineage/").json()
    assert [one["name"] for one in below["descendants"]] == ["Mine", "Above (fork)"]
    above = api.get(f"/api/v1/formulas/{fork.json()['uuid']}/lineage/").json()["ancestors"]
    assert [(one["name"], one["uuid"]) for one in above] == [("Above", str(formula.uuid))]


def test_tests_are_kept_changed_run_and_removed(api, path):
    made = api.post(path + "cases/", {"content": CASE}, format="json")
    assert (made.status_code, made.json()["bars"]) == (201, 2)
    case = f"{path}cases/{made.json()['uuid']}/"
    assert api.post(path + "cases/run/").json()["ok"] is True
    assert (
        api.post(path + "cases/run/", {"text": "long when close > 11"}, format="json").json()["ok"] is False
    )
    wrong = CASE | {"signals": []}
    assert (
        api.put(case, {"content": wrong}, format="json", headers={"If-Match": "*"}).json()["content"] == wrong
    )
    (result,) = api.post(path + "cases/run/").json()["results"]
    assert (result["ok"], result["sentence"]) == (False, "long at bar 1 fired and was not expected")
    refused = api.post(path + "publish/")
    assert (refused.status_code, refused.json()["code"]) == (422, "failing_cases")
    assert refused.json()["failing_cases"][0]["extra"][0]["bar"] == 1
    assert api.delete(case).status_code == 204
    assert api.get(case).status_code == 404
    assert api.post(path + "publish/").status_code == 201
    assert api.post(case + "restore/").status_code == 200
    assert [kept["name"] for kept in api.get(path + "cases/").json()] == ["fires"]


def test_unreadable_tests_are_refused(api, path):
    refused = api.post(path + "cases/", {"content": CASE | {"bars": [1, None]}}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_case")
    assert refused.json()["case_error"]["place"] == "/bars/1"
    api.post(path + "cases/", {"content": CASE}, format="json")
    taken = api.post(path + "cases/", {"content": CASE}, format="json")
    assert (taken.status_code, taken.json()["code"]) == (409, "case_name_taken")


def test_names_the_database_cannot_keep(api, path):
    refused = api.post(path + "cases/", {"content": CASE | {"name": "a\0b"}}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("depth", [500, 900, 100_000])
@pytest.mark.parametrize(
    ("where", "field"), [("cases/", "content"), ("../text/", "tree"), ("../text/", "blocks")]
)
def test_deep_nesting_is_refused(api, path, where, field, depth):
    body = f'{{"{field}": {"[" * depth}{"]" * depth}}}'
    where = "/api/v1/formulas/text/" if where.startswith("..") else path + where
    refused = api.post(where, body, content_type="application/json")
    assert refused.status_code in (400, 422), refused.content


def test_tests_are_made_from_data(api, path, bar_set):
    api.patch(path, {"text": CROSS}, format="json", headers={"If-Match": "*"})
    body = {
        "name": "wave",
        "bar_set": str(bar_set.uuid),
        "start": "2020-02-01T00:00:00Z",
        "end": "2020-06-30T00:00:00Z",
    }
    made = api.post(path + "cases/snapshot/", body, format="json")
    assert made.status_code == 201, made.content
    content = made.json()["content"]
    assert (content["snapshot"], content["bars"][0][0], content["bars"][-1][0]) == (
        True, "2020-02-01T00:00:00Z", "2020-06-30T00:00:00Z",
    )  # fmt: skip
    assert {signal["kind"] for signal in content["signals"]} == {"long", "exit_long"}
    assert api.post(path + "cases/run/").json()["ok"] is True
    empty = api.post(
        path + "cases/snapshot/", body | {"name": "none", "end": "2020-01-01T00:00:00Z"}, format="json"
    )
    assert (empty.status_code, empty.json()["code"]) == (422, "invalid_case")


def test_the_published_vector_guards_the_ut_bot(api):
    made = api.post("/api/v1/formulas/", {"name": "UT Bot", "text": UT_BOT}, format="json").json()
    path = f"/api/v1/formulas/{made['uuid']}/"
    assert api.post(path + "cases/", {"content": VECTOR}, format="json").status_code == 201
    assert api.post(path + "publish/").status_code == 201
    api.patch(
        path,
        {"text": UT_BOT.replace("close - loss : close + loss", "close - loss : close + 2 * loss")},
        headers={"If-Match": "*"},
    )
    assert api.post(path + "publish/").json()["code"] == "failing_cases"


def test_foreign_tests_are_not_found(api, path, formula, user, workspace, stranger):
    other = create_formula(workspace, name="Other", text=CROSS, actor=user)
    made = api.post(path + "cases/", {"content": CASE}, format="json").json()
    assert api.get(f"/api/v1/formulas/{other.uuid}/cases/{made['uuid']}/").status_code == 404
    api.force_login(stranger)
    assert api.get(f"{path}cases/{made['uuid']}/").status_code == 404
    assert api.post(f"{path}fork/").status_code == 404


@pytest.mark.parametrize(
    ("below", "body"),
    [("cases/", {"content": CASE}), ("shares/", {"email": "accomplice@example.com", "level": "edit"})],
)
def test_head_reads_whatever_it_carries(api, path, formula, below, body):
    """A role that may only read sends it, and no CSRF token is asked for it."""
    answer = api.generic("HEAD", path + below, json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert not formula.cases.exists()
    assert not formula.shares.exists()
