"""What the tables of the admin have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db.models import DecimalField, FloatField, ForeignKey, IntegerField, Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from apps.core.manner import written

COUNTED = 2000


class BoundedPaginator(Paginator):
    """Counts no further than COUNTED: more pages than anybody turns, and no slow count."""

    @cached_property
    def count(self) -> int:
        return len(self.object_list.order_by().values_list("pk")[:COUNTED])  # type: ignore[attr-defined]


class ReadOnly:
    """For staff to look at: what happens to it goes through the services, which tell the journal and open pages."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """A table that only grows, newest first; however long it is, its list opens at once."""

    ordering = ["-id"]
    paginator = BoundedPaginator
    show_full_result_count = False


class Linked:
    """In front of every `ModelAdmin`: in a list, what a row belongs to leads to its own page."""

    model: type[Model]
    admin_site: admin.AdminSite

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        first, *others = super().get_list_display(request)  # type: ignore[misc]
        return [first, *(self._linked(name) for name in others)]

    def _linked(self, name: Any) -> Any:
        """A column that leads to the object, or rounds a figure; the name itself where it is neither."""
        try:
            column = self.model._meta.get_field(name) if isinstance(name, str) else None
        except FieldDoesNotExist:
            return name
        if isinstance(column, (FloatField, DecimalField)) or _is_quantity(column):
            return _figure(name, column)
        is_object = isinstance(column, ForeignKey) and column.name == name  # not the number behind it
        target = column.related_model if column is not None and is_object else None
        if not isinstance(target, type) or not self.admin_site.is_registered(target):
            return name
        return _column(name, target, column)


def _is_quantity(column: Any) -> bool:
    """Whether it counts something; the number of a thing is not a quantity, however it grows."""
    return (
        isinstance(column, IntegerField)
        and not column.choices
        and re.search(r"(^|_)(id|number|last|version)$", column.name) is None
    )


def _figure(name: str, column: Any) -> Callable[[Model], str]:
    @admin.display(description=column.verbose_name, ordering=name)
    def shown(row: Model) -> str:
        return figure_of(getattr(row, name))

    shown.__name__ = name
    return shown


def figure_of(value: float | Decimal | None) -> str:
    """A quantity as the reader writes it; a fraction has four places, a price or sum those it needs."""
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        text = f"{written(value.normalize()):,f}"
    else:
        text = format(written(value), ",.4f" if isinstance(value, float) else ",")
    return text.replace("-", "−")


def _column(name: str, target: type[Model], column: Any) -> Callable[[Model], Any]:
    @admin.display(description=column.verbose_name, ordering=name)
    def shown(row: Model) -> Any:
        other = getattr(row, name)
        address = page_of(target, other.pk) if other is not None else ""
        return (
            format_html('<a class="cw-link" href="{}">{}</a>', address, other) if address else (other or "–")
        )

    shown.__name__ = name  # the head of the column is named by it
    return shown


def page_of(model: type[Model], pk: object) -> str:
    """The page of an object in the admin; empty where its table is not shown there."""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    except NoReverseMatch:
        return ""
