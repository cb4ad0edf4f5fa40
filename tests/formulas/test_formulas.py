"""Drafts keep what was typed; published versions never change."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.engine.lang import check
from apps.formulas.errors import InvalidFormula
from apps.formulas.models import FormulaVersion
from apps.formulas.services import (
    archive_formula,
    create_formula,
    publish_formula,
    restore_version,
    save_formula,
    unarchive_formula,
)
from apps.journal.models import Entry
from tests.factories import CROSS

BROKEN = "long when clos > 1"


def test_draft_with_errors_is_kept(workspace, user):
    formula = create_formula(workspace, name="Draft", text=BROKEN, actor=user)
    formula.refresh_from_db()
    assert formula.text == BROKEN


def test_publish_refuses_errors_and_freezes_what_is_right(workspace, user):
    formula = create_formula(workspace, name="Draft", text=BROKEN, actor=user)
    with pytest.raises(InvalidFormula) as caught:
        publish_formula(formula, actor=user)
    assert caught.value.extra["formula_errors"][0]["line"] == 1
    assert not FormulaVersion.objects.exists()
    save_formula(formula, name="Cross", text=CROSS, actor=user)
    version = publish_formula(formula, actor=user)
    assert (version.number, version.text, version.content_hash) == (1, CROSS, check(CROSS).hash)


def test_same_meaning_is_the_same_version(workspace, user):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    first = publish_formula(formula, actor=user)
    save_formula(
        formula, name="Cross", text="# comment\n" + CROSS.replace("(close, 9)", "( close,9 )"), actor=user
    )
    assert publish_formula(formula, actor=user) == first
    save_formula(formula, name="Cross", text=CROSS.replace("9", "10"), actor=user)
    assert publish_formula(formula, actor=user).number == 2


def test_restore_makes_an_old_text_the_draft(workspace, user):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    first = publish_formula(formula, actor=user)
    save_formula(formula, name="Cross", text="long when close > open", actor=user)
    restore_version(first, actor=user)
    formula.refresh_from_db()
    assert formula.text == CROSS


def test_database_holds_one_version_per_number(workspace, user):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    publish_formula(formula, actor=user)
    with pytest.raises(IntegrityError), transaction.atomic():
        FormulaVersion.objects.create(formula=formula, number=1, text="x", content_hash="y")


def test_edit_is_journaled_with_before_and_after(workspace, user):
    formula = create_formula(workspace, name="A", text="", actor=user)
    save_formula(formula, name="B", text="", actor=user)
    assert Entry.objects.get(action="formulas.formula.edited").changes == {"name": ["A", "B"]}
    save_formula(formula, name="B", text="", actor=user)
    assert Entry.objects.filter(action="formulas.formula.edited").count() == 1


def test_archive_and_undo(web, workspace, user):
    formula = create_formula(workspace, name="Gone", text="", actor=user)
    archive_formula(formula, actor=user)
    assert web.get(f"/formulas/{formula.uuid}/").status_code == 404
    unarchive_formula(formula, actor=user)
    assert web.get(f"/formulas/{formula.uuid}/").status_code == 200


def test_formula_by_api(api):
    made = api.post("/api/v1/formulas/", {"name": "Cross", "text": CROSS}, format="json").json()
    path = f"/api/v1/formulas/{made['uuid']}/"
    assert (
        api.patch(path, {"name": "Better"}, format="json", headers={"If-Match": "*"}).json()["text"] == CROSS
    )
    assert api.post(path + "publish/").status_code == 201
    assert [version["number"] for version in api.get(path + "versions/").json()] == [1]
    api.patch(path, {"text": BROKEN}, format="json", headers={"If-Match": "*"})
    refused = api.post(path + "publish/")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_formula")
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
