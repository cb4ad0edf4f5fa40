"""A query that every request makes, turned into SQL once: Django spends longer on that than PostgreSQL on the query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=Model)
Value = str | UUID


class CompiledQuery(Generic[M]):
    """`make(*values)` as it would be with other values of the same types.

    `samples` stand for the values while the query is compiled: they must occur nowhere else in it, and `make` must
    build the same query whatever the values.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], *samples: Value) -> None:
        self._make, self._samples = make, samples

    def first(self, *values: Value) -> M | None:
        """The first row of the query with these values."""
        queryset, compiler, sql, params = self._compiled()
        given = dict(zip(self._samples, values, strict=True))
        filled = tuple(given.get(param, param) if isinstance(param, Value) else param for param in params)
        compiler.as_sql = lambda *args, **kwargs: (sql, filled)
        return next(iter(ModelIterable(queryset)), None)

    def _compiled(self) -> tuple[QuerySet[M], Any, str, tuple[Any, ...]]:
        """Of this thread's connection, which the compiler is bound to."""
        connection = connections[DEFAULT_DB_ALIAS]  # not the proxy, which all threads share
        kept: dict[CompiledQuery[M], Any] = connection.__dict__.setdefault("compiled_queries", {})
        found = kept.get(self)
        if found is None:
            queryset = self._make(*self._samples)[:1]
            compiler = queryset.query.get_compiler(connection=connection)
            sql, params = compiler.as_sql()
            missing = [sample for sample in self._samples if sample not in params]
            assert not missing, f"not a parameter of the query: {missing}"
            queryset.query.get_compiler = lambda *args, **kwargs: compiler  # type: ignore[method-assign]
            found = kept[self] = queryset, compiler, sql, tuple(params)
        return found  # type: ignore[no-any-return]
