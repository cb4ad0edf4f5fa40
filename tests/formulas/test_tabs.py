"""The tabs of a formula's page: explain, history, tests, Pine."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.formulas.models import Formula, FormulaCase
from apps.formulas.services import add_case, create_formula, fork_formula, publish_formula, save_formula
from tests.factories import CROSS

CASE = {"name": "fires", "bars": [9, 11], "signals": [{"bar": 1, "kind": "long"}]}
UP = "ma = sma(close, 3)\nlong when close > ma and close > 100\nexit long when close < ma\n"


@pytest.fixture
def formula(workspace, user) -> Formula:
    return create_formula(workspace, name="Up", text=UP, actor=user)


def page(web, formula, tab, query="") -> str:
    answer = web.get(f"/formulas/{formula.uuid}/{tab}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("tab", ["explain", "history", "tests", "pine", ""])
def test_every_tab_shows_a_draft_with_errors(web, formula, user, bar_set, tab):
    save_formula(formula, name="Up", text="long when clos > 1", actor=user)
    html = page(web, formula, tab) if tab else web.get(f"/formulas/{formula.uuid}/").content.decode()
    assert "Explain</a>" in html


def test_explain_says_what_it_does_and_why(web, formula, bar_set):
    html = page(web, formula, "explain")
    assert "close is above" in html
    assert "2 bars</dd>" in html
    html = page(web, formula, "explain", f"?bar_set={bar_set.uuid}&time=2020-03-10T00:00")
    assert "2020-03-10 UTC" in html
    assert html.count("does not hold</span>") + html.count("holds</span>") >= 2
    assert "decided" in html


def test_explain_leads_from_signal_to_signal(web, formula, bar_set):
    context = web.get(
        f"/formulas/{formula.uuid}/explain/?bar_set={bar_set.uuid}&time=2020-03-10T00:00"
    ).context
    why = context["why"]
    assert why.before < why.time < why.after
    assert any(statement["held"] for statement in web.get(
        f"/formulas/{formula.uuid}/explain/?bar_set={bar_set.uuid}&time={why.after}"
    ).context["watched"])  # fmt: skip
    latest = web.get(f"/formulas/{formula.uuid}/explain/").context["why"]
    assert latest.after is None
    assert any(statement["held"] for statement in latest.report["statements"])


def test_explain_refuses_what_is_not_there(web, formula, bar_set, stranger):
    assert "Choose a market" in page(web, formula, "explain", "?bar_set=nonsense&time=x")
    assert "The first bar opens at 2020-01-01" not in page(web, formula, "explain", "?time=1990-01-01T00:00")


def test_explain_without_bars_says_so(web, formula):
    assert "No bars to look at" in page(web, formula, "explain")


def test_history_lists_restores_and_forks(web, formula, user, workspace):
    assert "Nothing is published yet" in page(web, formula, "history")
    web.post(f"/formulas/{formula.uuid}/publish/", {"note": "First try"})
    save_formula(formula, name="Up", text=CROSS, actor=user)
    assert "First try" in page(web, formula, "history")
    restore = f"/formulas/{formula.uuid}/versions/1/restore/"
    assert "The draft is in no version" in web.post(restore).content.decode()
    formula.refresh_from_db()
    assert formula.text == CROSS  # nothing is lost without a word
    web.post(restore, {"draft": "keep"})
    formula.refresh_from_db()
    assert formula.text == UP
    assert Formula.objects.get(name="Up (draft)").text == CROSS
    save_formula(formula, name="Up", text=CROSS, actor=user)
    web.post(restore, {"draft": "replace"})
    formula.refresh_from_db()
    assert formula.text == UP
    web.post(f"/formulas/{formula.uuid}/versions/1/fork/")
    fork = Formula.objects.get(name="Up (fork)")
    assert f"/formulas/{fork.uuid}/history/" in page(web, formula, "history")
    assert f"/formulas/{formula.uuid}/history/" in page(web, fork, "history")


def test_publishing_from_the_editor_takes_what_stands_there(web, formula):
    editor = f"/formulas/{formula.uuid}/"
    typed = UP.replace("100", "105")
    answer = web.post(editor, {"name": "Up", "text": typed, "next": "publish"}, follow=True)
    assert "Published as version 1." in answer.content.decode()
    assert formula.versions.get().text == typed
    answer = web.post(editor, {"name": "Up", "text": "# same\n" + typed, "next": "publish"}, follow=True)
    assert "This is version 1 already; nothing new was published." in answer.content.decode()
    answer = web.post(editor, {"name": "Up", "text": "long when (", "next": "publish"}, follow=True)
    assert "Not published." in answer.content.decode()
    formula.refresh_from_db()
    assert formula.text == "long when ("  # kept, errors and all


def test_a_failing_test_leads_to_the_tests(web, formula, user):
    add_case(formula, CASE, actor=user)
    answer = web.post(
        f"/formulas/{formula.uuid}/", {"name": "Up", "text": UP, "next": "publish"}, follow=True
    )
    assert answer.redirect_chain[-1][0] == f"/formulas/{formula.uuid}/tests/"
    assert "Not published." in answer.content.decode()


def test_history_compares_in_sentences_and_signals(web, formula, user, bar_set):
    publish_formula(formula, actor=user)
    save_formula(formula, name="Up", text=UP.replace("100", "101"), actor=user)
    html = page(web, formula, "history", f"?old=1&new=draft&bar_set={bar_set.uuid}")
    assert "&gt; 101" in html
    assert "removed</span>" in html
    assert "No semantic change" in page(web, formula, "history", "?old=1&new=1")
    assert "Choose two versions" in page(web, formula, "history", "?old=7&new=draft")
    save_formula(formula, name="Up", text="long when (", actor=user)
    assert "One error in line 1" in page(web, formula, "history", "?old=1&new=draft")


def test_publish_says_which_test_fails(web, formula, user):
    add_case(formula, CASE, actor=user)
    html = web.post(f"/formulas/{formula.uuid}/publish/", follow=True).content.decode()
    assert "Not published. 1 test fails; “fires”: long at bar 1 did not fire." in html


def test_tests_are_written_run_changed_and_removed(web, formula, user):
    path = f"/formulas/{formula.uuid}/tests/"
    assert "A test says" in page(web, formula, "tests")
    sample = web.get(path + "new/?json").context["form"]["content"].value()
    assert json.loads(sample)["bars"] == [100, 101, 103, 102]
    assert web.post(path + "new/", {"content": json.dumps(CASE)})["Location"] == path
    case = FormulaCase.objects.get()
    assert "not run" in page(web, formula, "tests")
    assert "1 of 1 tests fail" in page(web, formula, "tests", "?run")
    assert json.loads(web.get(f"{path}{case.uuid}/?json").context["form"]["content"].value()) == CASE
    web.post(f"{path}{case.uuid}/", {"content": json.dumps(CASE | {"signals": []})})
    assert "All 1 tests pass" in page(web, formula, "tests", "?run")
    removed = web.post(f"{path}{case.uuid}/remove/").content.decode()
    assert "Undo" in removed
    assert web.get(f"{path}{case.uuid}/").status_code == 404
    web.post(f"{path}{case.uuid}/restore/")
    assert web.get(f"{path}{case.uuid}/").status_code == 200


@pytest.mark.parametrize(
    "content", ["{", "[" * 100_000, '{"name": NaN}', '{"name": "x"}', json.dumps(CASE | {"bars": [1, "x"]})]
)
def test_unreadable_test_keeps_what_was_typed(web, formula, content):
    answer = web.post(f"/formulas/{formula.uuid}/tests/new/", {"content": content})
    assert answer.status_code == 422
    assert answer.context["form"]["content"].value() == content
    assert "field-error" in answer.content.decode()


def test_test_is_taken_from_data(web, formula, bar_set):
    body = {"name": "wave", "bar_set": str(bar_set.uuid), "start": "2020-01-01", "end": "2020-02-29"}
    answer = web.post(f"/formulas/{formula.uuid}/tests/snapshot/", body)
    case = FormulaCase.objects.get()
    assert answer["Location"] == f"/formulas/{formula.uuid}/tests/{case.uuid}/"
    assert (case.bars, case.content["snapshot"]) == (60, True)
    assert "taken from the formula" in page(web, formula, "tests", "?run")
    assert web.post(f"/formulas/{formula.uuid}/tests/snapshot/", body).status_code == 422
    assert web.post(f"/formulas/{formula.uuid}/tests/snapshot/", body | {"bar_set": "x"}).status_code == 422


def test_pine_is_shown_and_downloaded(web, formula):
    html = page(web, formula, "pine")
    assert "//@version=6" in html
    answer = web.get(f"/formulas/{formula.uuid}/pine/file/?kind=strategy")
    assert answer["Content-Disposition"] == 'attachment; filename="up-strategy.pine"'
    assert b"strategy(" in answer.content


def test_pine_of_a_wrong_formula_names_the_problem(web, formula, user):
    save_formula(formula, name="Up", text="long when clos > 1", actor=user)
    assert "has no Pine script" in page(web, formula, "pine")
    assert web.get(f"/formulas/{formula.uuid}/pine/file/")["Location"] == f"/formulas/{formula.uuid}/pine/"


@pytest.mark.parametrize(
    ("tab", "queries"), [("explain", 6), ("history", 7), ("tests", 5), ("pine", 4), ("tests/?run", 6)]
)
def test_tabs_take_the_same_queries_however_much_there_is(
    web, formula, workspace, user, bar_set, tab, queries, django_assert_num_queries
):
    # session, user, workspace, formula, and what the tab shows
    for i in range(5):
        save_formula(formula, name="Up", text=f"{UP}exit long when close < {i}", actor=user)
        fork_formula(publish_formula(formula, actor=user), workspace=workspace, actor=user)
    for i in range(5):
        add_case(formula, CASE | {"name": f"fires {i}"}, actor=user)
    with django_assert_num_queries(queries):
        web.get(f"/formulas/{formula.uuid}/{tab if '?' in tab else tab + '/'}")


SCRIPT = """//@version=5
strategy("Mine")
fast = ta.ema(close, 9)
slow = ta.ema(close, 21)
if ta.crossover(fast, slow)
    strategy.entry("L", strategy.long)
if ta.crossunder(fast, slow)
    strategy.close("L")
"""


def test_pine_script_becomes_a_formula(web, workspace):
    html = web.post("/formulas/import/", {"source": SCRIPT}).content.decode()
    assert "imported</span>" in html
    assert not Formula.objects.exists()
    answer = web.post("/formulas/import/", {"source": SCRIPT, "create": "1"})
    made = Formula.objects.get()
    assert (made.name, answer["Location"]) == ("Mine", f"/formulas/{made.uuid}/")
    assert "crossover" in made.text
    made.delete()
    file = SimpleUploadedFile("mine.pine", SCRIPT.encode())
    assert "imported</span>" in web.post("/formulas/import/", {"file": file}).content.decode()


@pytest.mark.parametrize("body", [{}, {"source": " "}, {"source": "x" * 300_000}])
def test_what_is_no_script_is_refused(web, workspace, body):
    assert web.post("/formulas/import/", body).status_code == 422


BOTH = UP + 'plot ma as "Mean"\nplot rsi(close, 3) as "RSI"\n'


def test_the_bars_around_one_come_with_lines_where_they_belong_and_marks(web, formula, user, bar_set):
    save_formula(formula, name="Up", text=BOTH, actor=user)
    answer = web.get(f"/formulas/{formula.uuid}/explain/bars/?bar_set={bar_set.uuid}&time=2020-03-10T00:00")
    data = answer.json()
    assert data["chosen"] == 1_583_798_400  # 2020-03-10 UTC
    assert data["chosen"] in data["time"]
    assert list(data["plots"]) == ["Mean"]
    assert [list(pane) for pane in data["panes"]] == [["RSI"]]
    assert {len(data[name]) for name in ("open", "high", "low", "close", "volume")} == {len(data["time"])}
    assert {(mark["side"], mark["action"]) for mark in data["markers"]} <= {
        ("long", "entry"),
        ("long", "exit"),
    }


def test_bars_are_refused_in_words(web, formula, user, bar_set):
    url = f"/formulas/{formula.uuid}/explain/bars/"
    assert web.get(f"{url}?time=yesterday").status_code == 422
    save_formula(formula, name="Up", text="long when clos > 1", actor=user)
    answer = web.get(url)
    assert answer.status_code == 422
    assert answer.json()["detail"]
