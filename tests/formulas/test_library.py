"""The library: every template is a right formula with an explanation, and one click away from a backtest."""

from __future__ import annotations

import re

import pytest

from apps.accounts.models import SavedView
from apps.backtests.models import Backtest
from apps.backtests.services import run_backtest
from apps.engine.lang import check, compile_formula
from apps.engine.lang.cases import read_cases, run_cases
from apps.formulas.gallery import picture, picture_path
from apps.formulas.library import CATEGORIES, FOLDER, SAMPLES, search_templates, template_of, templates
from apps.formulas.models import Formula
from apps.formulas.services import run_tests
from apps.markets.services import load_demo_markets
from tests.formulas.vector import VECTOR

ALL = pytest.mark.parametrize("template", templates(), ids=lambda template: template.key)


def test_the_index_names_every_file_and_no_other():
    files = {
        path.name.partition(".")[0]
        for path in FOLDER.iterdir()
        if path.suffix in (".formula", ".md", ".json")
    }
    assert files == {template.key for template in templates()}
    assert len(templates()) >= 16
    assert len({template.name for template in templates()}) == len(templates())


@ALL
def test_template_is_a_right_formula_with_ranges_to_adjust(template):
    report = check(template.text)
    assert report.ok, report.errors
    assert report.warnings == []
    assert compile_formula(template.text).has_orders
    for spec in report.inputs or []:
        if spec.kind in ("integer", "number", "percent"):
            assert spec.low is not None, f"{spec.name} has no range"
            assert spec.step, f"{spec.name} cannot be swept"


@ALL
def test_template_passes_the_tests_it_comes_with(template):
    for result in run_cases(template.text, read_cases(list(template.cases))):
        assert result.ok, result.sentence


@ALL
def test_template_is_drawn_as_it_is(web, template):
    drawn = picture_path(template).read_text(encoding="utf-8")
    assert drawn == picture(template)
    assert drawn.strip() in web.get(f"/formulas/library/{template.key}/").content.decode()


def test_ut_bot_comes_with_the_published_vector(web, workspace):
    web.post("/formulas/library/ut-bot/use/")
    formula = Formula.objects.get()
    (case,) = formula.cases.all()
    assert {key: case.content[key] for key in VECTOR if key != "name"} == {
        key: value for key, value in VECTOR.items() if key != "name"
    }
    assert [result["ok"] for result in run_tests(formula)] == [True]


@ALL
def test_template_explains_itself(template):
    assert template.category in CATEGORIES
    assert template.sample in SAMPLES
    assert 20 < len(template.summary) < 160
    assert [line for line in template.prose.splitlines() if line.startswith("## ")] == [
        "## The idea",
        "## What to adjust",
        "## When it fails",
    ]
    prose = template.prose.split("## What to adjust")[1].split("## When it fails")[0]
    named = set(re.findall(r"\*\*(\w+)\*\*", prose))
    assert named <= {spec.name for spec in check(template.text).inputs or []}


def test_search_finds_words_in_any_order():
    assert template_of("ut-bot") in search_templates("trailing UT")
    assert search_templates("", "calendar") == [template_of("turn-of-month")]
    assert search_templates("trailing", "calendar") == []
    assert search_templates("xyzzy") == []


def test_library_pages_show_templates(web):
    page = web.get("/formulas/library/").content.decode()
    assert all(template.name.replace("'", "&#x27;") in page for template in templates())
    assert "UT Bot" not in web.get("/formulas/library/?q=rsi").content.decode()
    assert "No template matches" in web.get("/formulas/library/?q=xyzzy").content.decode()
    page = web.get("/formulas/library/ut-bot/").content.decode()
    assert "<h2>When it fails</h2>" in page
    assert "0.5 to 10 in steps of 0.1" in page
    assert web.get("/formulas/library/no-such/").status_code == 404


def test_the_library_is_a_list_with_filters_and_views(web, user, workspace):
    def keys(query: str) -> set[str]:
        groups = web.get("/formulas/library/" + query).context["groups"]
        return {template.key for _, found in groups for template in found}

    assert keys("?category=calendar") == {"turn-of-month"}
    assert keys("?sample=minute") == {each.key for each in templates() if each.sample == "minute"}
    assert keys("?category=nonsense&sample=nonsense") == {each.key for each in templates()}
    SavedView.objects.create(
        person=user, workspace=workspace, page="library", name="Mine", query="q=rsi", is_default=True
    )
    assert web.get("/formulas/library/")["Location"] == "/formulas/library/?q=rsi"


def test_landing_and_dashboard_show_templates(web, client):
    assert "crossover(strength, oversold)" in client.get("/").content.decode()
    assert "/formulas/library/trend-following/" in web.get("/dashboard/").content.decode()


def test_template_opens_as_a_formula(web, workspace):
    answer = web.post("/formulas/library/macd/use/")
    formula = Formula.objects.get(workspace=workspace)
    assert answer["Location"] == f"/formulas/{formula.uuid}/"
    assert (formula.name, formula.text) == ("MACD cross", template_of("macd").text)
    web.post("/formulas/library/macd/use/")
    assert Formula.objects.count() == 1


@pytest.mark.parametrize("key", ["rsi-reversal", "vwap-reversion"])
def test_one_click_runs_a_backtest(web, key):
    load_demo_markets()
    page = web.get(f"/formulas/library/{key}/").content.decode()
    form = page.split('id="backtest-form"')[1].split("</form>")[0]
    fields = dict(
        part.split('" value="') for part in form.replace('">', "").split('name="')[1:] if "csrf" not in part
    )
    fields = {name: value.split("<")[0].strip() for name, value in fields.items()}
    answer = web.post(f"/formulas/library/{key}/use/", fields)
    assert answer.status_code == 307
    answer = web.post(answer["Location"], fields)
    backtest = Backtest.objects.get()
    assert answer["Location"] == f"/backtests/{backtest.uuid}/"
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert (backtest.status, backtest.error) == ("done", "")
