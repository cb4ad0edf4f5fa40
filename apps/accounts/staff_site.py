"""The admin: for staff whose log-in has shown a second factor. There is no switch that turns this off."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from apps.accounts.guards import safe_next
from apps.accounts.staff_acts import AsksFirst
from apps.accounts.staff_journal import Journalled
from apps.core.staff import Linked
from apps.core.words import gettext_lazy

ADMIN_SCRIPTS = {"script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"]}


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]
    index_title = gettext_lazy("Overview")
    empty_value_display = "–"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.disable_action("delete_selected")  # it deletes outside a transaction, many at once

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Every admin, of libraries too, writes what staff change to the journal, asks before it acts on many rows, and
        has the theme's fields."""
        base = admin_class or ModelAdmin
        theme = () if issubclass(base, ModelAdmin) else (ModelAdmin,)
        super().register(
            model_or_iterable,
            type(
                base.__name__, (AsksFirst, Journalled, Linked, base, *theme), {"__module__": base.__module__}
            ),
            **options,
        )

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The site's policy with what the pages of the admin need: inline scripts and Alpine."""
        return csp_update(ADMIN_SCRIPTS)(super().admin_view(view, cacheable))

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff, and a factor shown in this very session: a trusted browser is not enough here."""
        user: Any = request.user
        return bool(super().has_permission(request) and user.is_verified())

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The site's own sign-in, then the second factor (or setting one up), then the page that was asked for."""
        user: Any = request.user
        wanted = safe_next(request, reverse("admin:index"))
        if self.has_permission(request):
            return redirect(wanted)
        if not user.is_authenticated:
            page = "account_login"
        elif not user.is_staff:
            raise PermissionDenied
        elif user.second_factors_at is None:
            page = "accounts:security"
        else:
            page = "account_second_factor"
        return redirect(f"{reverse(page)}?{urlencode({'next': wanted})}")
