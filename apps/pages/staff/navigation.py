"""The admin's side bar: tables by what they are about, those that the member of staff may see."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from apps.core.words import gettext_lazy

# Title, icon (one of frontend/icons) and rooms or tables ("app" or "app.model").
GROUPS: list[tuple[str, list[tuple[str, list[str]]]]] = [
    (
        gettext_lazy("People"),
        [
            ("users", ["accounts.user", "account.emailaddress"]),
            ("briefcase", ["accounts.workspace"]),
            ("key-round", ["accounts.apikey"]),
        ],
    ),
    (
        gettext_lazy("Research"),
        [
            ("square-function", ["formulas"]),
            ("flask-conical", ["backtests"]),
            ("chart-candlestick", ["markets"]),
        ],
    ),
    (gettext_lazy("Signals"), [("radio", ["signals"]), ("bell", ["notifications"])]),
    (gettext_lazy("Trading"), [("bot", ["bots"]), ("wallet", ["trading"])]),
    (gettext_lazy("Money"), [("receipt", ["billing"]), ("credit-card", ["djstripe"])]),
    (gettext_lazy("Records"), [("history", ["journal"]), ("clock", ["django_celery_beat"])]),
    (gettext_lazy("Access"), [("lock", ["auth", "socialaccount", "accounts.retentionrule"])]),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """As the admin's theme takes it. Asks the database for nothing but the person's permissions, once."""
    first = [
        {
            "title": gettext("Overview"),
            "icon": "layout-dashboard",
            "link": reverse("admin:index"),
            "active": request.path == reverse("admin:index"),
        },
        {"title": gettext("Queues"), "icon": "layers", "link": reverse("admin-queues")},
        {
            "title": gettext("Delivery analytics"),
            "icon": "chart-line",
            "link": reverse("admin:notifications_analytics"),
        },
        {"title": gettext("Revenue"), "icon": "trending-up", "link": reverse("admin:billing_revenue")},
    ]
    shown: list[dict[str, Any]] = [{"title": "", "items": first}]
    for title, tables in GROUPS:
        items = [
            {
                "title": capfirst(model._meta.verbose_name_plural),
                "icon": icon,
                "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
            }
            for icon, names in tables
            for model, table in admin.site._registry.items()
            if {model._meta.app_label, model._meta.label_lower} & set(names)
            and table.has_view_permission(request)
        ]
        if items:
            shown.append({"title": title, "items": items, "collapsible": True, "separator": True})
    return shown
