"""What a list is: its filters, its orders, the columns of its file, what can be done with many of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from apps.core.words import gettext_lazy

if TYPE_CHECKING:
    from apps.core.lists.asked import Asked

MOST_WORDS = 120  # characters of a text that is looked for

Choices = Iterable[tuple[Any, str]]


@dataclass(frozen=True)
class Filter:
    """One question of a list, `name` in the address. `choices` are those of a pick, without the one for any."""

    name: str
    label: str
    kind: str = "words"  # or "pick", "day", "hidden" (words that links give, not people)
    choices: Choices | Callable[[HttpRequest], Choices] = ()

    def offered(self, request: HttpRequest) -> list[tuple[str, str]]:
        """The choices as texts, groups of them laid flat."""
        given = self.choices(request) if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in given if str(value)]

    def clean(self, text: str, offered: list[tuple[str, str]]) -> str:
        """The text where it is an answer, else empty: unknown words of an address are no conditions."""
        text = text.replace("\x00", "").strip()[:MOST_WORDS]
        if self.kind == "pick":
            return text if any(text == value for value, _ in offered) else ""
        if self.kind == "day":
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                return ""
        return text


def words(label: str, name: str = "q") -> Filter:
    """A text to look for."""
    return Filter(name, label)


def pick(name: str, label: str, choices: Choices | Callable[[HttpRequest], Choices]) -> Filter:
    """One of several; `label` stands for any of them ("Any state")."""
    return Filter(name, label, "pick", choices)


def named(rows: QuerySet[Any], request: HttpRequest, name: str) -> list[tuple[Any, str]]:
    """Rows with a `uuid` and a `name` as the choices of the pick `name`, as `offered` of them."""
    found = offered(rows.select_related(None).only("uuid", "name"), request.GET.get(name, ""))
    return [(row.uuid, row.name) for row in found]


def offered(rows: QuerySet[Any], *asked: object, by: str = "uuid") -> list[Any]:
    """The first MOST_CHOICES rows, and those whose `by` is asked for. A menu of thousands helps nobody, and takes
    longer than the page."""
    found = list(rows[: settings.MOST_CHOICES])
    missing = {str(each) for each in asked if each} - {str(getattr(row, by)) for row in found}
    if len(found) < settings.MOST_CHOICES or not missing:
        return found
    readable = [value for text in missing if (value := _read(rows, by, text)) is not None]
    return [*found, *rows.filter(**{f"{by}__in": readable})]


def _read(rows: QuerySet[Any], name: str, text: str) -> Any:
    try:
        return rows.model._meta.get_field(name).clean(text, None)  # type: ignore[union-attr]  # a column
    except ValidationError:
        return None


def day(name: str, label: str) -> Filter:
    return Filter(name, label, "day")


@dataclass(frozen=True)
class Sort:
    """An order of the rows: by a column or an expression, the key among equals.

    `down` is how it goes first (what is newest or most). `nullable`: rows without a value come last, both ways.
    `unique`: no two rows share a value, so that the key is not asked for.
    """

    label: str
    by: str | Combinable
    down: bool = False
    nullable: bool = False
    unique: bool = False

    @property
    def expression(self) -> Combinable:
        return F(self.by) if isinstance(self.by, str) else self.by


NEWEST = Sort(gettext_lazy("Newest"), "pk", down=True, unique=True)


@dataclass(frozen=True)
class Column:
    """A column of the file; `of` gives a row's value: numbers stay numbers, times are written in ISO 8601."""

    head: str
    of: Callable[[Any], Any]


@dataclass(frozen=True)
class Act:
    """Something done with each chosen row, in its own transaction; a DomainError of one leaves that one as it was.

    `done` says it for one row and for `{n}`; `question` is asked before; `undo` names the act that takes it back.
    """

    name: str
    label: str
    do: Callable[[Any, Any], object]  # a row and the request
    done: tuple[str, str]
    icon: str = "check"
    question: str = ""
    undo: str = ""
    danger: bool = False
    shown: Callable[[Asked], bool] = lambda asked: True


@dataclass(frozen=True)
class Listing:
    """`name` is that of its saved views and its file; `order` names one of `sorts`, as the address would."""

    name: str
    filters: tuple[Filter, ...] = ()
    sorts: Mapping[str, Sort] = field(default_factory=lambda: {"new": NEWEST})
    columns: tuple[Column, ...] = ()
    acts: tuple[Act, ...] = ()
    right: str = ""  # that the acts need; empty where the rows are the person's own
    order: str = "-new"
    size: int = 50
    of: Callable[[list[UUID]], Q] = lambda uuids: Q(uuid__in=uuids)  # the rows that these uuids name
    counts: bool = True  # whether the rows are counted (up to a bound); too many to count newest first
