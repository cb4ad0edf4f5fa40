"""The pages of formulas: list, files in and out, copies."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.formulas.models import Formula
from apps.formulas.services import archive_formula, create_formula, publish_formula
from tests.factories import CROSS


@pytest.fixture
def formulas(workspace, user) -> dict[str, Formula]:
    made = {
        name: create_formula(workspace, name=name, text=CROSS, actor=user)
        for name in ("Alpha", "beta", "Gone")
    }
    publish_formula(made["beta"], actor=user)
    archive_formula(made["Gone"], actor=user)
    return made


def names_on(web, query: str) -> list[str]:
    return [formula.name for formula in web.get(f"/formulas/?{query}").context["list"].rows]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["beta", "Alpha"]),
        ("state=published", ["beta"]),
        ("state=draft", ["Alpha"]),
        ("state=archived", ["Gone"]),
        ("sort=name", ["Alpha", "beta"]),
        ("sort=-made", ["beta", "Alpha"]),
        ("sort=-version", ["beta", "Alpha"]),
        ("q=alp", ["Alpha"]),
        ("q=gone", []),
        ("state=nonsense&sort=nonsense", ["beta", "Alpha"]),
    ],
)
def test_list_is_filtered_and_sorted(web, formulas, query, names):
    assert names_on(web, query) == names


def test_list_takes_the_same_queries_however_long(web, formulas, workspace, user, django_assert_num_queries):
    for i in range(20):
        create_formula(workspace, name=f"More {i}", text=CROSS, actor=user)
    web.get("/formulas/")  # which fills the process's cache of content types
    with django_assert_num_queries(7):  # session, user, workspace, views, what is shared, count, page
        web.get("/formulas/")


def test_archived_formula_comes_back_from_the_list(web, formulas):
    assert "Bring back" in web.get("/formulas/?state=archived").content.decode()
    web.post(f"/formulas/{formulas['Gone'].uuid}/unarchive/")
    assert "Gone" in names_on(web, "")


def test_download_and_upload_are_the_same_text(web, formulas):
    answer = web.get(f"/formulas/{formulas['Alpha'].uuid}/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="alpha.formula"'
    answer = web.post("/formulas/upload/", {"file": SimpleUploadedFile("Mine.formula", answer.content)})
    made = Formula.objects.get(name="Mine")
    assert (made.text, answer["Location"]) == (CROSS, f"/formulas/{made.uuid}/")


@pytest.mark.parametrize("data", [b"x" * (16 * 1024 + 1), b"\xff\xfe", b"a\0b"])
def test_upload_of_what_is_no_formula_is_refused(web, workspace, data):
    answer = web.post("/formulas/upload/", {"file": SimpleUploadedFile("Mine.formula", data)}, follow=True)
    assert "Nothing was kept" in answer.content.decode()
    assert not Formula.objects.exists()


def test_upload_with_errors_is_kept_as_a_draft(web, workspace):
    web.post("/formulas/upload/", {"file": SimpleUploadedFile("Bad.formula", b"long when clos > 1\r\n")})
    assert Formula.objects.get().text == "long when clos > 1\n"


def test_duplicate_is_a_formula_of_its_own(web, formulas):
    answer = web.post(f"/formulas/{formulas['beta'].uuid}/fork/")
    made = Formula.objects.get(name="beta (fork)")
    assert answer["Location"] == f"/formulas/{made.uuid}/"
    assert made.forked_from.formula == formulas["beta"]


def test_new_formula_starts_from_a_template(web, workspace):
    assert "Donchian" in web.get("/formulas/new/?template=turtle").content.decode()
    assert web.get("/formulas/new/?template=no-such").status_code == 404
