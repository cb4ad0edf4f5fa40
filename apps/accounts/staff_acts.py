"""What staff do to many rows of a table at once: they see to which before it is done, and the journal after."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import model_format_dict
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

Act = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponseBase | None]
SENT = ("action", "index", "select_across", ACTION_CHECKBOX_NAME)
SHOWN = 20  # rows by name; of the others how many they are


class AsksFirst:
    """In front of every `ModelAdmin` (`StaffSite.register`), which is `Journalled` too."""

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Act, str, str]]:
        acts = super().get_actions(request)  # type: ignore[misc]
        may_change = self.has_change_permission(request)  # type: ignore[attr-defined]  # of the ModelAdmin behind
        return {
            name: (_asking(act, words), name, words)
            for name, (act, _, words) in acts.items()
            if may_change or _is_ours(act)  # ours name their rights, those of libraries none
        }


def _is_ours(act: Act) -> bool:
    return act.__module__.startswith("apps.")


def _asking(act: Act, words: str) -> Act:
    @wraps(act)
    def asked(table: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        count = rows.count()
        if request.POST.get("asked") == str(count):  # asked about as many; else some came or went meanwhile
            with transaction.atomic():
                if not _is_ours(act):  # ours go through services, which record
                    table.journal_acted(request, rows, act.__name__)
                return act(table, request, rows)
        context = {
            **table.admin_site.each_context(request),
            "title": words % model_format_dict(table.opts),
            "opts": table.opts,
            "count": count,
            "rows": rows[:SHOWN],
            "others": max(count - SHOWN, 0),
            "sent": [
                ("asked", str(count)),
                *((name, value) for name in SENT for value in request.POST.getlist(name)),
            ],
        }
        return TemplateResponse(request, "admin/accounts/asks_first.html", context)

    return asked
