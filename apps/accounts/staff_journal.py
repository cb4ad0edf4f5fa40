"""What staff change by hand in the admin is in the journal, like every other change, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.accounts.models import Workspace
from apps.journal.services import record

# of fields whose name holds one of these: that they changed, not to what
HIDDEN = ("password", "secret", "token", "key")


class Journalled:
    """In front of every `ModelAdmin` (`StaffSite.register`): an entry for each object added, changed or deleted.

    An admin whose `save_model` calls a service, which records by itself, says `records_itself = True`.
    """

    model: type[Model]

    def construct_change_message(self, request: Any, form: Any, formsets: Any, add: bool = False) -> Any:
        request.staff_changes = changes_of(form, formsets or ())
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, obj, "added")
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, obj, "changed")
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self._record(request, obj, "deleted")
        return super().log_deletions(request, queryset)  # type: ignore[misc]

    def journal_acted(self, request: Any, rows: QuerySet[Any], act: str) -> None:
        """An act of a library on many rows."""
        request.staff_changes = {"act": act}
        for obj in rows:
            self._record(request, obj, "changed")

    def _record(self, request: Any, obj: Model, verb: str) -> None:
        if getattr(self, "records_itself", False) and verb != "deleted":
            return
        changes = getattr(request, "staff_changes", {}) if verb != "deleted" else {}
        is_person = obj._meta.label == settings.AUTH_USER_MODEL or getattr(obj, "journal_subject", None)
        record(
            actor=request.user,
            workspace=obj if isinstance(obj, Workspace) else getattr(obj, "workspace", None),
            action=f"{obj._meta.app_label}.{obj._meta.model_name}.{verb}_by_staff",
            target=obj,
            changes=None if is_person else changes,
            personal=changes if is_person else None,
        )


def changes_of(form: Any, formsets: Any) -> dict[str, Any]:
    """Each field that the form changed, as [before, after]; rows of the tables in it under the row's own words."""
    found = _fields(form)
    for formset in formsets:
        for row in formset.forms:
            if row in formset.deleted_forms:
                found[f"{row.instance._meta.verbose_name_raw} {row.instance}"] = "deleted"
            elif row.has_changed():
                found[f"{row.instance._meta.verbose_name_raw} {row.instance}"] = _fields(row)
    return found


def _fields(form: Any) -> dict[str, Any]:
    return {
        name: "changed"
        if any(word in name for word in HIDDEN)
        else [_said(form.initial.get(name)), _said(form.cleaned_data.get(name))]
        for name in form.changed_data
    }


def _said(value: Any) -> Any:
    if isinstance(value, QuerySet | list | tuple | set):
        return sorted(str(one) for one in value)
    return value if value is None or isinstance(value, bool | int) else str(value)
