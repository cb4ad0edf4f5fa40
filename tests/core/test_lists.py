"""The framework of lists, on the list of formulas: pages by key, orders, acts on many, saved views, the file."""

from __future__ import annotations

import base64
import csv
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import Client
from django.utils.translation import gettext, override

from apps.accounts.errors import ViewRefused
from apps.accounts.models import Membership, SavedView, User, Workspace
from apps.accounts.services.views import change_view, save_view
from apps.core.errors import Conflict
from apps.core.lists import Asked, listing
from apps.core.lists.acting import act_on
from apps.core.lists.keyset import page_of, page_of_kept
from apps.core.lists.listing import Sort
from apps.formulas.lists import FORMULAS
from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.selectors import all_formulas_of
from tests.factories import FormulaFactory, UserFactory, workspace_of

LIST = "/formulas/"
VERSION = Sort("Version", "latest_version", down=True, nullable=True)
EDITED = Sort("Edited", "updated_at", down=True)


def marked(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.fixture
def seven(workspace: Workspace) -> list[Formula]:
    """a to g: three with a version (1, 2, 2), the rest with none; all edited at one moment but the last."""
    made = [FormulaFactory(workspace=workspace, name=name) for name in "abcdefg"]
    for formula, number in zip(made, (1, 2, 2), strict=False):
        FormulaVersion.objects.create(formula=formula, number=number, text="", content_hash=str(number))
    one = datetime(2026, 1, 1, tzinfo=UTC)
    Formula.objects.filter(pk__in=[formula.pk for formula in made]).update(updated_at=one)
    Formula.objects.filter(pk=made[-1].pk).update(updated_at=datetime(2026, 1, 2, tzinfo=UTC))
    return made


@pytest.mark.parametrize(
    ("sort", "down", "wanted"),
    [
        (VERSION, True, "cbagfed"),  # equal ones by key, those without a value last
        (VERSION, False, "abcdefg"),
        (EDITED, True, "gfedcba"),
        (EDITED, False, "abcdefg"),
        (listing.NEWEST, True, "gfedcba"),
        (listing.NEWEST, False, "abcdefg"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_meet_without_gap_or_overlap_and_lead_back(workspace, seven, sort, down, wanted, size):
    rows = all_formulas_of(workspace)
    pages = [page_of(rows, sort, down=down, size=size)]
    while pages[-1].older:
        pages.append(page_of(rows, sort, down=down, size=size, after=pages[-1].older))
    assert "".join(row.name for page in pages for row in page.rows) == wanted
    assert pages[0].newer is None
    for before, page in pairwise(pages):
        back = page_of(rows, sort, down=down, size=size, before=page.newer)
        assert [row.name for row in back.rows] == [row.name for row in before.rows]


@pytest.mark.parametrize(("down", "wanted"), [(True, "dcab"), (False, "bacd")])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_rows_in_memory_are_paged_alike(down, wanted, size):
    """By value, then by key: a and c are worth the same."""
    rows = [SimpleNamespace(pk=pk, name=name, worth=worth) for pk, (name, worth) in enumerate(
        [("a", Decimal("10.0")), ("b", Decimal(9)), ("c", Decimal(10)), ("d", Decimal(100))]
    )]  # fmt: skip
    sort = Sort("Worth", "worth", down=True)
    pages = [page_of_kept(rows, sort, down=down, size=size)]
    while pages[-1].older:
        pages.append(page_of_kept(rows, sort, down=down, size=size, after=pages[-1].older))
    assert "".join(row.name for page in pages for row in page.rows) == wanted
    assert pages[0].newer is None
    for before, page in pairwise(pages):
        back = page_of_kept(rows, sort, down=down, size=size, before=page.newer)
        assert back.rows == before.rows
    second, last = (marked(f"[null,{'abcd'.index(wanted[place])}]") for place in (1, -1))
    for mark in ("nonsense", marked("[null,9]"), marked(f"[null,{10**20}]"), last):
        assert page_of_kept(rows, sort, down=down, size=size, after=mark) == pages[0]
    assert page_of_kept(rows, sort, down=down, size=size, before=second) == pages[0], "full at the front"


def test_before_what_is_no_mark_stands_the_first_page(workspace, seven):
    page = page_of(all_formulas_of(workspace), listing.NEWEST, down=True, size=3, before="nonsense")
    assert ("".join(row.name for row in page.rows), page.newer) == ("gfe", None)


def test_behind_the_last_row_stands_the_first_page_again(workspace, seven):
    rows = all_formulas_of(workspace)
    last = page_of(rows, listing.NEWEST, down=True, size=6).older
    Formula.objects.filter(name="a").delete()
    again = page_of(rows, listing.NEWEST, down=True, size=6, after=last)
    assert ("".join(row.name for row in again.rows), again.newer, again.older) == ("gfedcb", None, None)


def test_new_and_removed_rows_move_nothing(workspace, seven):
    rows = all_formulas_of(workspace)
    first = page_of(rows, listing.NEWEST, down=True, size=3)
    FormulaFactory(workspace=workspace, name="h")
    Formula.objects.filter(pk=first.rows[-1].pk).delete()
    after = page_of(rows, listing.NEWEST, down=True, size=3, after=first.older)
    assert "".join(row.name for row in after.rows) == "dcb"


@pytest.mark.parametrize(
    "mark", ["nonsense", "W10", "WzEsMiwzXQ", "WyJhIiwiYiJd", "W251bGwsLTFd", "e30", "A" * 3000]
)
def test_what_is_no_mark_shows_the_first_page(web: Client, seven, mark):
    for name in ("after", "before"):
        answer = web.get(LIST, {name: mark, "sort": "-edited"})
        assert [row.name for row in answer.context["list"].rows] == list("gfedcba")


def test_numbers_that_no_column_holds_are_no_marks(web: Client, seven):
    huge = 10**20
    for text in (f"[{huge},1]", f"[1,{huge}]", f"[null,{huge}]"):
        asked = web.get(LIST, {"after": marked(text), "sort": "-version"}).context["list"]
        assert ([row.name for row in asked.rows], asked.newer) == (list("cbagfed"), ""), text


def test_what_is_typed_is_cut_and_days_are_written_one_way():
    assert listing.words("Any").clean(" " + "a" * 500, []) == "a" * 120
    day = listing.day("since", "Since")
    assert [day.clean(text, []) for text in ("20260131", "2026-02-30", "soon")] == ["2026-01-31", "", ""]


def test_a_choice_without_a_value_is_the_one_for_any():
    assert listing.pick("x", "Any", [("", "None"), (1, "One")]).offered(None) == [("1", "One")]


def test_heads_turn_the_order_round_and_keep_the_filters(rf):
    asked = Asked(FORMULAS, rf.get(LIST, {"q": "a b", "sort": "-version"}))
    assert asked.sorted_by("version") == {"href": "?q=a+b&sort=version", "state": "descending"}
    assert asked.sorted_by("name") == {"href": "?q=a+b&sort=name", "state": ""}
    assert asked.sorted_by("edited") == {"href": "?q=a+b&sort=-edited", "state": ""}  # newest first
    assert not asked.is_turned
    turned = Asked(FORMULAS, rf.get(LIST, {"sort": "version"}))
    assert turned.sorted_by("version") == {"href": "?sort=-version", "state": "ascending"}
    assert turned.is_turned, "none of the orders that a phone offers"


def test_links_to_other_pages_lead_there_and_keep_the_filters(rf):
    kind = listing.Listing(
        "x",
        filters=(listing.words("A", "a"), listing.words("B", "b")),
        sorts={"new": Sort("Newest", "pk", down=True)},
        size=2,
    )
    rows = [SimpleNamespace(pk=number) for number in range(5)]

    def page(query: str) -> tuple[list[int], Asked]:
        asked = Asked(kind, rf.get("/" + query))
        return [row.pk for row in asked.read(rows)], asked

    first, asked = page("?a=1")
    assert (first, asked.is_filtered, asked.newer) == ([4, 3], True, "")
    second, asked = page(asked.older)
    assert (second, asked["a"], asked.front) == ([2, 1], "1", "?a=1")
    again, asked = page(asked.newer)
    assert (again, asked["a"]) == ([4, 3], "1")


def test_filters_choose_rows_each_by_its_lookups(rf, workspace, seven):
    numbers = listing.pick("version", "Any", [("1", "1"), ("2", "2")])
    kind = listing.Listing("x", filters=(listing.words("Name"), numbers))
    by = {"q": ("name__iexact", "versions__content_hash"), "version": "latest_version"}
    queries = {
        "": "abcdefg",
        "?q=F": "f",
        "?q=1": "a",
        "?version=2": "bc",
        "?q=B&version=2": "b",
        "?q=b&version=1": "",
    }
    for query, wanted in queries.items():
        rows = Asked(kind, rf.get("/" + query)).chosen(all_formulas_of(workspace), **by)
        assert {row.name for row in rows} == set(wanted), query


def test_rows_are_counted_up_to_a_bound(web: Client, workspace):
    Formula.objects.bulk_create([Formula(workspace=workspace, name=f"{n}") for n in range(1_000)])
    assert web.get(LIST).context["list"].total == "1000"
    FormulaFactory(workspace=workspace)
    assert web.get(LIST).context["list"].total == "1000+"


def test_acts_are_offered_to_those_who_may(client: Client, workspace, seven):
    viewer = UserFactory()
    Membership.objects.create(workspace=workspace, user=viewer, role="viewer")
    client.force_login(viewer)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    asked = client.get(LIST).context["list"]
    assert (len(asked.rows), asked.acts) == (7, [])


def test_at_most_five_hundred_rows_are_acted_on(web: Client, seven):
    chosen = [*(str(uuid4()) for _ in range(500)), str(seven[0].uuid)]
    assert web.post(LIST, {"act": "archive", "chosen": chosen}).status_code == 404
    assert not Formula.objects.exclude(archived_at=None).exists()


def test_filters_and_orders_are_whitelisted(web: Client, seven):
    answer = web.get(LIST, {"q": "a\x00", "state": "'; drop", "sort": "workspace__owner__password"})
    assert [row.name for row in answer.context["list"].rows] == ["a"]
    assert answer.context["list"].query == "q=a"


def test_many_are_archived_and_it_is_undone(web: Client, workspace, seven, stranger: User):
    chosen = [str(formula.uuid) for formula in seven[:2]]
    theirs = FormulaFactory(workspace=stranger.owned_workspaces.get(), name="theirs")
    page = web.post(
        LIST + "?q=a", {"act": "archive", "chosen": [*chosen, str(theirs.uuid), "nonsense"]}, follow=True
    )
    assert page.redirect_chain == [(LIST + "?q=a", 302)]
    text = page.content.decode()
    assert "2 formulas are archived." in text
    assert "1 is no longer here." in text  # what is another's is as good as gone
    theirs.refresh_from_db()
    assert theirs.archived_at is None
    assert Formula.objects.filter(workspace=workspace, archived_at=None).count() == 5
    assert 'value="unarchive"' in text
    form, undo = text.split('value="unarchive"')
    assert f'action="{LIST}?q=a"' in form.rpartition("<form")[2], "it comes back to the same page"
    undo = undo.split("</form>")[0]
    assert [uuid for uuid in chosen if uuid in undo] == chosen
    web.post(LIST, {"act": "unarchive", "chosen": chosen})
    assert Formula.objects.filter(workspace=workspace, archived_at=None).count() == 7


def test_an_act_on_nothing_of_ones_own_is_not_found(web: Client, stranger: User):
    theirs = FormulaFactory(workspace=stranger.owned_workspaces.get())
    assert web.post(LIST, {"act": "archive", "chosen": str(theirs.uuid)}).status_code == 404


def test_the_file_holds_what_is_filtered_in_its_order(web: Client, seven):
    FormulaFactory(workspace=seven[0].workspace, name="=1+1")
    answer = web.get(LIST, {"file": "csv", "sort": "-name"})
    rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert [row["name"] for row in rows] == [*"gfedcba", "'=1+1"]
    assert [row["version"] for row in rows] == ["", "", "", "", "2", "2", "1", ""]
    one = web.get(LIST, {"file": "csv", "state": "published", "q": "b"}).getvalue().decode()
    assert [row["name"] for row in csv.DictReader(one.splitlines())] == ["b"]


def test_a_file_is_the_same_in_every_language(rf):
    columns = (listing.Column("found", lambda row: gettext("Search")),)
    asked = Asked(
        listing.Listing("x", sorts={"new": Sort("Newest", "pk")}, columns=columns),
        rf.get("/", {"file": "csv"}),
    )
    with override("tr"):
        assert gettext("Search") != "Search"
        assert asked.answer([SimpleNamespace(pk=1)], "").getvalue() == b"found\r\nSearch\r\n"


def test_a_view_is_saved_opened_first_renamed_and_deleted(web: Client, workspace, seven):
    query = "state=draft&sort=name"
    saved = web.post(
        "/settings/views/save/",
        {"path": LIST, "page": "formulas", "name": "Drafts", "query": query, "is_default": "on"},
    )
    assert saved["Location"] == f"{LIST}?{query}"
    view = SavedView.objects.get()
    opened = web.get(LIST)
    assert opened["Location"] == f"{LIST}?{query}"
    shown = web.get(opened["Location"]).context["list"]
    assert [row.name for row in shown.rows] == list("defg")
    assert shown.view.uuid == view.uuid
    assert not shown.can_save
    assert web.get(LIST + "?state=draft").context["list"].can_save
    assert web.get(LIST + "?view=&sort=-edited").context["list"].front == "?view="
    assert web.get(LIST + "?view=").context["list"].total == "7"  # how one sees all again
    assert web.get(LIST, headers={"HX-Request": "true"}).status_code == 200
    again = {"path": LIST, "page": "formulas", "name": "Drafts", "query": "q=x"}
    assert "You have a view named" in web.post("/settings/views/save/", again, follow=True).content.decode()
    web.post(f"/settings/views/{view.uuid}/", {"path": LIST, "name": "Mine"})
    view.refresh_from_db()
    assert (view.name, view.is_default) == ("Mine", False)
    away = web.post(f"/settings/views/{view.uuid}/delete/", {"path": "//elsewhere.example/"})
    assert urlsplit(away["Location"]).netloc == ""
    assert parse_qs(urlsplit(away["Location"]).query) == parse_qs(query)
    assert not SavedView.objects.exists()


def test_a_file_has_at_most_fifty_thousand_rows(web: Client, seven, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as queries:
        web.get(LIST, {"file": "csv"}).getvalue()
    assert any("LIMIT 50000" in query["sql"] for query in queries.captured_queries)


def test_what_is_chosen_twice_is_done_once(web: Client, seven):
    chosen = [str(seven[0].uuid)] * 2
    page = web.post(LIST + "?q=a", {"act": "archive", "chosen": chosen}, follow=True).content.decode()
    assert "1 formula is archived." in page
    assert "stayed as" not in page
    assert "no longer here" not in page
    assert web.post(LIST, {"act": "archive"}).status_code == 302, "with a word to choose rows"
    assert Formula.objects.exclude(archived_at=None).count() == 1


def test_what_is_refused_stops_none_of_the_others_and_its_reason_is_told_once(rf, workspace, seven):
    done = []

    def rename(row, _request):
        if row.name in "ac":
            raise Conflict("It is in use.")
        done.append(row.name)

    asked = listing.Listing("x", acts=(listing.Act("go", "Go", rename, ("1 done.", "{n} done.")),))
    request = rf.post(LIST, {"act": "go", "chosen": [str(row.uuid) for row in seven[:4]]})
    request.session = {}
    request._messages = CookieStorage(request)
    act_on(request, asked, all_formulas_of(workspace))
    assert done == ["b", "d"]
    assert [str(message) for message in request._messages] == [
        "2 done.",
        "2 stayed as they were: It is in use.",
    ]
    assert request.session == {}, "nothing that could be undone"


def test_a_refused_form_is_not_led_away_to_the_default_view(rf, user: User, workspace):
    save_view(user, workspace, page="formulas", name="First", query="q=a", is_default=True)
    for request, wanted in ((rf.get(LIST), f"{LIST}?q=a"), (rf.post(LIST, {"name": ""}), None)):
        request.user, request.workspace = user, workspace
        opening = Asked(FORMULAS, request).opening()
        assert (opening and opening["Location"]) == wanted


def test_one_view_of_a_list_opens_first_and_a_list_has_thirty(user: User, workspace):
    one, two = (
        save_view(user, workspace, page="formulas", name=name, query="q=a", is_default=True) for name in "ab"
    )
    other = save_view(user, workspace, page="bots", name="a", query="q=b", is_default=True)
    assert set(SavedView.objects.filter(is_default=True)) == {two, other}
    change_view(one, name="a", is_default=True)
    assert set(SavedView.objects.filter(is_default=True)) == {one, other}
    SavedView.objects.bulk_create(
        SavedView(person=user, workspace=workspace, page="formulas", name=f"{n}", query="") for n in range(27)
    )
    save_view(user, workspace, page="formulas", name="thirtieth", query="")
    with pytest.raises(ViewRefused, match="at most 30 saved views"):
        save_view(user, workspace, page="formulas", name="one more", query="")


def test_a_view_that_asks_for_nothing_is_not_the_one_shown(web: Client, user: User, workspace, seven):
    save_view(user, workspace, page="formulas", name="Plain", query="")
    save_view(user, workspace, page="bots", name="Of bots", query="")
    save_view(user, workspace_of(UserFactory()), page="formulas", name="Elsewhere", query="")
    asked = web.get(LIST).context["list"]
    assert ([view.name for view in asked.views], asked.view) == (["Plain"], None)


def test_a_view_is_its_persons_alone(web: Client, workspace, stranger: User):
    theirs = SavedView.objects.create(
        person=stranger, workspace=workspace, page="formulas", name="Theirs", query="q=a", is_default=True
    )
    assert web.get(LIST).status_code == 200
    assert web.post(f"/settings/views/{theirs.uuid}/", {"name": "Mine"}).status_code == 404
    assert web.post(f"/settings/views/{theirs.uuid}/delete/").status_code == 404
