"""Menus of rows in forms: the first of them, what is chosen, and a search for the others where there are many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.core.lists import listing

F = TypeVar("F", bound=forms.BaseForm)
FIND = "_find"  # behind a field's name in the address: words of the rows that are looked for


class _Rows(ModelChoiceIterator):  # type: ignore[type-arg]  # generic for the type checker alone
    """At most MOST_CHOICES rows, read once, and those that the widget has chosen among the others."""

    chosen: list[str] = []
    _first: list[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        field: Any = self.field
        if getattr(field, "empty_label", None) is not None:
            yield "", field.empty_label
        rows = self._read()[: settings.MOST_CHOICES]
        if self.is_cut:
            shown = {str(field.prepare_value(row)) for row in rows}
            yield from map(self.choice, self._among([one for one in self.chosen if one and one not in shown]))
        yield from map(self.choice, rows)

    @property
    def is_cut(self) -> bool:
        return bool(self.field.find) or len(self._read()) > settings.MOST_CHOICES  # type: ignore[attr-defined]

    def _read(self) -> list[Any]:
        if self._first is None:
            field: Any = self.field
            looked = Q(*((f"{name}__icontains", field.find) for name in field.by), _connector=Q.OR)
            rows = field.queryset.filter(looked) if field.find else field.queryset
            self._first = list(rows[: settings.MOST_CHOICES + 1])
        return self._first

    def _among(self, chosen: list[str]) -> list[Any]:
        name = self.field.to_field_name or "pk"
        try:
            return list(self.field.queryset.filter(**{f"{name}__in": chosen})) if chosen else []  # type: ignore[union-attr]
        except (ValueError, ValidationError):  # of another kind than the rows' ids: the form says so
            return []


class _Searched:
    """Of a widget: tells its rows what is chosen, and has a search above them where there are more than are shown."""

    choices: Any

    # mixed into widgets, whose methods the type checker does not see from here
    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        if isinstance(self.choices, _Rows):
            self.choices.chosen = value
        return super().optgroups(name, value, attrs)  # type: ignore[misc]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        shown: SafeString = super().render(name, value, attrs, renderer)  # type: ignore[misc]
        if not (isinstance(self.choices, _Rows) and self.choices.is_cut):
            return shown
        place = f"#{(attrs or {}).get('id') or f'id_{name}'}"
        return format_html(
            '<div class="menu-many"><input class="control menu-find" type="search" name="{}" maxlength="{}"'
            ' autocomplete="off"'
            ' placeholder="{}" aria-label="{}" hx-get="" hx-include="this, {}" hx-select="{}" hx-target="{}"'
            ' hx-trigger="input changed delay:300ms" hx-swap="outerHTML">{}</div>',
            name + FIND, listing.MOST_WORDS, gettext("Search"), gettext("Search"), place, place, place, shown,
        )  # fmt: skip


class _Select(_Searched, forms.Select):
    pass


class _Checkboxes(_Searched, forms.CheckboxSelectMultiple):
    pass


class _OfMany:
    """Of a field: `by` names what of its rows is searched, `find` holds the words of the present search."""

    find = ""

    def __init__(self, *args: Any, by: tuple[str, ...] = ("name",), **kwargs: Any) -> None:
        self.by = by
        super().__init__(*args, **kwargs)


class Menu(_OfMany, forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the type checker alone
    """One of many rows. Any row of the queryset may be given, shown or not."""

    widget = _Select
    iterator = _Rows


class Menus(_OfMany, forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # as Menu
    """Several of many rows, as Menu."""

    widget = _Checkboxes
    iterator = _Rows


def searched(form: F, request: HttpRequest) -> F:
    """The form, its menus as its page's address asks: `?source=` chooses beforehand, `?source_find=` searches."""
    for name, field in form.fields.items():
        if isinstance(field, Menu | Menus):
            field.find = request.GET.get(name + FIND, "").replace("\x00", "").strip()[: listing.MOST_WORDS]
            if given := request.GET.getlist(name):
                form.initial[name] = given if isinstance(field, Menus) else given[0]
    return form
