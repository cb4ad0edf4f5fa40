"""What the product holds about people: every table of every room says here how it relates to a person.

A room declares its tables in its own `privacy.py`, which is read when the register is first asked for. The export of
a person's data, the deletion of an account or a workspace and the page "What we hold" are made from the register
alone; a test fails for a table that is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Field, Model, Q, QuerySet
from django.utils.module_loading import autodiscover_modules

from apps.core.secrets.fields import EncryptedTextField


@dataclass(frozen=True)
class Scope:
    """A person: their id, the e-mail addresses they have, and the workspaces (id to uuid) that are theirs alone."""

    person: int | None
    addresses: frozenset[str] = frozenset()
    workspaces: dict[int, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Holding:
    """One table. Paths are those of queries ("formula__workspace_id").

    `workspace`, `workspace_uuid`, `person` and `address` (an e-mail address) lead to whom a row belongs: it is part
    of their export and goes with them, unless `stays` says why it must not. `mentions` are columns that name a
    person in a row that belongs to others: exported as a mention, and kept, since the person's row becomes a pseudonym.
    `files` are columns with paths on the storage, `folder` one below which everything belongs to the row. What must
    be deleted in a way of its own is `by_room`.
    """

    label: str
    words: str
    workspace: str = ""
    workspace_uuid: str = ""
    person: str = ""
    address: str = ""
    mentions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    folder: str = ""
    stays: str = ""
    by_room: bool = False

    @cached_property
    def model(self) -> type[Model]:
        return apps.get_model(self.label)

    @property
    def name(self) -> str:
        """The name of its file in an export."""
        return self.label.lower()

    @property
    def is_personal(self) -> bool:
        """Whether it belongs to people themselves rather than to workspaces."""
        return bool(self.person or self.address)

    def rows(self, scope: Scope) -> QuerySet[Any]:
        """What belongs to the scope."""
        ways = []
        if self.workspace and scope.workspaces:
            ways.append(Q(**{f"{self.workspace}__in": list(scope.workspaces)}))
        if self.workspace_uuid and scope.workspaces:
            ways.append(Q(**{f"{self.workspace_uuid}__in": list(scope.workspaces.values())}))
        if self.person and scope.person is not None:
            ways.append(Q(**{self.person: scope.person}))
        if self.address:
            ways += [Q(**{f"{self.address}__iexact": address}) for address in scope.addresses]
        every = self.model._base_manager.order_by("pk")
        return every.filter(reduce(or_, ways)) if ways else every.none()

    def mentioning(self, scope: Scope) -> QuerySet[Any]:
        """Rows of others that name the person."""
        every = self.model._base_manager.order_by("pk")
        if not self.mentions or scope.person is None:
            return every.none()
        named = reduce(or_, (Q(**{column: scope.person}) for column in self.mentions))
        return every.filter(named).exclude(pk__in=self.rows(scope).values("pk"))

    @cached_property
    def left_out(self) -> list[str]:
        """Columns that no export shows: encrypted secrets and the hashes of others."""
        hidden = [f.name for f in self._columns() if isinstance(f, EncryptedTextField)]
        return sorted({*hidden, *self.without})

    def shown(self) -> list[Field[Any, Any]]:
        """The columns of an export."""
        return [column for column in self._columns() if column.name not in self.left_out]

    def _columns(self) -> Iterable[Field[Any, Any]]:
        return self.model._meta.concrete_fields

    def places(self, row: Model) -> list[str]:
        """The row's files on the storage."""
        return [path for path in (str(getattr(row, column) or "") for column in self.files) if path]


_holdings: dict[str, Holding] = {}
_exempt: dict[str, str] = {}
_erasers: list[Callable[[int, frozenset[str]], None]] = []


def holds(label: str, words: str, **ways: Any) -> None:
    """Declare a table that holds something about people or workspaces (see Holding)."""
    if not set(ways) & {"workspace", "workspace_uuid", "person", "address", "mentions"}:
        raise ImproperlyConfigured(f"{label}: name how it leads to a person or workspace, or call exempt()")
    _holdings[label.lower()] = Holding(label, words, **ways)


def exempt(label: str, reason: str) -> None:
    """Declare a table that holds nothing about any person, and why."""
    _exempt[label.lower()] = reason


def on_erasure(eraser: Callable[[int, frozenset[str]], None]) -> Callable[[int, frozenset[str]], None]:
    """Register what a room does, in the transaction that deletes a person, where deleting rows is not enough.

    Called with the person's id and addresses; must be harmless when called twice.
    """
    if eraser not in _erasers:
        _erasers.append(eraser)
    return eraser


def holdings() -> dict[str, Holding]:
    """Every declared table, by label in lower case."""
    autodiscover_modules("privacy")
    return _holdings


def exemptions() -> dict[str, str]:
    """Every table that holds nothing about people, with the reason."""
    autodiscover_modules("privacy")
    return _exempt


def run_erasers(person: int, addresses: frozenset[str]) -> None:
    """Let every room take out what names the person."""
    autodiscover_modules("privacy")
    for eraser in _erasers:
        eraser(person, addresses)


def children_first() -> Iterator[Holding]:
    """Every holding, those that point at others before those they point at."""
    by_model = {holding.model: holding for holding in holdings().values()}
    seen: set[type[Model]] = set()
    order: list[Holding] = []

    def visit(model: type[Model]) -> None:
        if model in seen:
            return
        seen.add(model)
        for column in model._meta.concrete_fields:
            target = column.related_model
            # a pointer that may be empty is emptied by the database; Formula and FormulaVersion point at each other
            if isinstance(target, type) and target in by_model and not column.null:
                visit(target)
        order.append(by_model[model])

    for model in by_model:
        visit(model)
    return reversed(order)
