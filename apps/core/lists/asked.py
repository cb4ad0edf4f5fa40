"""One request of a list: what it asks for, and the answer to it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import override

from apps.core.lists.acting import act_on
from apps.core.lists.keyset import Page, ordered, ordered_kept, page_of, page_of_kept
from apps.core.lists.listing import Act, Listing, Sort
from apps.core.sheets import cell
from apps.core.streaming import stream_file

MOST_COUNTED = 1_000
MOST_ROWS = 50_000  # of a file
AT_ONCE = 500  # rows read for a file

Rows = QuerySet[Any] | Sequence[Any]  # of the database, or computed and kept in memory


@dataclass(frozen=True)
class Chip:
    """A view that somebody saved: a query with a name."""

    uuid: UUID
    name: str
    query: str
    is_default: bool


_views: list[Callable[[HttpRequest, str], list[Chip]]] = []


def views_from(function: Callable[[HttpRequest, str], list[Chip]]) -> None:
    """Let `function(request, name of the list)` give the person's saved views. Called by an app's `ready`."""
    _views[:] = [function]


@dataclass(frozen=True)
class Offered:
    """A filter as the form shows it."""

    name: str
    label: str
    kind: str
    value: str
    choices: list[tuple[str, str]]


class Asked:
    """What a request asks of a list. Templates get it as `list`."""

    def __init__(self, listing: Listing, request: HttpRequest) -> None:
        self.listing, self.request = listing, request
        given = request.GET
        self.filters: list[Offered] = []
        for each in listing.filters:
            offered = each.offered(request) if each.kind == "pick" else []
            value = each.clean(given.get(each.name, ""), offered)
            self.filters.append(Offered(each.name, each.label, each.kind, value, offered))
        self.values = {each.name: each.value for each in self.filters}
        wanted = given.get("sort", "")
        self.order = wanted if wanted.removeprefix("-") in listing.sorts else listing.order
        self.page: Page = Page([], None, None)
        self.total = ""

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def sort(self) -> Sort:
        return self.listing.sorts[self.order.removeprefix("-")]

    @property
    def is_down(self) -> bool:
        return self.order.startswith("-")

    @property
    def is_filtered(self) -> bool:
        return any(self.values.values())

    @property
    def is_first(self) -> bool:
        return self.page.newer is None

    @property
    def rows(self) -> list[Any]:
        return self.page.rows

    @cached_property
    def views(self) -> list[Chip]:
        return _views[0](self.request, self.listing.name) if _views else []

    @cached_property
    def query(self) -> str:
        """Filters and order as the address writes them, without the page; a default is left out."""
        kept = {name: value for name, value in self.values.items() if value}
        if self.order != self.listing.order:
            kept["sort"] = self.order
        return urlencode(kept)

    @property
    def everything(self) -> str:
        """The query that asks for no filter, also where a default view stands for the bare address."""
        return "?view=" if self.has_default else "?"

    @cached_property
    def here(self) -> str:
        """The query of this page."""
        return "?" + self.request.GET.urlencode() if self.request.GET else "?"

    @cached_property
    def view(self) -> Chip | None:
        """The saved view that is shown."""
        same = QueryDict(self.query).dict()
        return next((view for view in self.views if QueryDict(view.query).dict() == same and same), None)

    @property
    def can_save(self) -> bool:
        return bool(self.query) and self.view is None and bool(_views)

    def _href(self, **more: str) -> str:
        return "?" + "&".join(part for part in (self.query, urlencode(more)) if part)

    @property
    def newer(self) -> str:
        return self._href(before=self.page.newer) if self.page.newer else ""

    @property
    def older(self) -> str:
        return self._href(after=self.page.older) if self.page.older else ""

    @property
    def front(self) -> str:
        return self._href() if self.query else self.everything

    @property
    def file(self) -> str:
        return self._href(file="csv")

    def sorted_by(self, name: str) -> dict[str, str]:
        """For a head: the `href` that sorts by it (the other way round when it does already), its aria-sort."""
        sort = self.listing.sorts[name]
        here = self.order.removeprefix("-") == name
        down = not self.is_down if here else sort.down
        kept = {key: value for key, value in self.values.items() if value}
        state = ("descending" if self.is_down else "ascending") if here else ""
        return {"href": "?" + urlencode({**kept, "sort": f"-{name}" if down else name}), "state": state}

    @property
    def orders(self) -> list[tuple[str, str]]:
        """Where there are no heads, on phones and of what is no table: each order with its label."""
        return [(f"-{name}" if sort.down else name, sort.label) for name, sort in self.listing.sorts.items()]

    @property
    def is_turned(self) -> bool:
        """Whether the order is none of those that are offered."""
        return all(value != self.order for value, _ in self.orders)

    @property
    def has_default(self) -> bool:
        return any(view.is_default for view in self.views)

    @property
    def acts(self) -> list[Act]:
        if self.listing.right and self.listing.right not in getattr(self.request, "rights", ()):
            return []
        return [act for act in self.listing.acts if act.shown(self)]

    def chosen(self, rows: QuerySet[Any], **by: str | tuple[str, ...]) -> QuerySet[Any]:
        """The rows that the filters named ask for, each by its lookup; of several lookups one is enough."""
        for name, lookups in by.items():
            if value := self[name]:
                either = (lookups,) if isinstance(lookups, str) else lookups
                rows = rows.filter(Q(*((lookup, value) for lookup in either), _connector=Q.OR))
        return rows

    def read(self, rows: Rows) -> list[Any]:
        """The rows of the page that is asked for."""
        marks = {name: self.request.GET.get(name, "") for name in ("after", "before")}
        size, down = self.listing.size, self.is_down
        if not isinstance(rows, QuerySet):
            self.page = page_of_kept(rows, self.sort, down=down, size=size, **marks)
            self.total = str(len(rows))
            return self.page.rows
        self.page = page_of(rows, self.sort, down=down, size=size, **marks)
        if self.listing.counts:
            count = rows.order_by()[: MOST_COUNTED + 1].count()
            self.total = f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
        return self.page.rows

    def answer(
        self,
        rows: Rows,
        template: str,
        context: dict[str, Any] | Callable[[list[Any]], dict[str, Any]] | None = None,
        *,
        status: int = 200,
    ) -> HttpResponseBase:
        """The page, its rows as a file, or the way to the person's default view.

        `status` is another one where a form of the page was refused.
        """
        if self.request.GET.get("file") == "csv" and self.listing.columns:
            return self._as_file(rows)
        if opening := self.opening():
            return opening
        shown = self.read(rows)
        more = context(shown) if callable(context) else context or {}
        return render(self.request, template, {"list": self, **more}, status=status)

    def opening(self) -> HttpResponse | None:
        """The way to the person's default view, where the bare page is asked for."""
        request = self.request
        if request.method == "POST" or request.GET or request.headers.get("HX-Request"):
            return None
        default = next((view for view in self.views if view.is_default), None)
        return redirect(f"{request.path}?{default.query}") if default else None

    def act(self, rows: QuerySet[Any]) -> HttpResponse:
        """Carry out the act that was posted on the rows that were chosen, and lead back to the same page."""
        act_on(self.request, self.listing, rows)
        return redirect(self.request.get_full_path())

    def _as_file(self, rows: Rows) -> HttpResponseBase:
        columns = self.listing.columns
        found: Iterable[Any]
        if isinstance(rows, QuerySet):
            found = ordered(rows, self.sort, down=self.is_down)[:MOST_ROWS].iterator(chunk_size=AT_ONCE)
        else:
            found = ordered_kept(rows, self.sort, down=self.is_down)[:MOST_ROWS]

        def lines() -> Iterator[str]:
            yield _line([column.head for column in columns])
            for row in found:
                with override("en"):  # files are the same in every language: programs read them
                    line = _line([cell(column.of(row)) for column in columns])
                yield line

        name = f"{self.listing.name}.csv"
        return stream_file(self.request, lines(), name=name, content_type="text/csv; charset=utf-8")


def _line(values: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()
