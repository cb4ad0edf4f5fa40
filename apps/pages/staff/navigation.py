"""The admin's side bar: tables by what they are about, those that the member of staff may see."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from apps.core.words import gettext_lazy

# Title, icon (Material symbols) and rooms or tables ("app" or "app.model").
GROUPS: list[tuple[str, list[tuple[str, list[str]]]]] = [
    (
        gettext_lazy("People"),
        [
            ("group", ["accounts.user", "account.emailaddress"]),
            ("workspaces", ["accounts.workspace"]),
            ("key", ["accounts.apikey"]),
        ],
    ),
    (
        gettext_lazy("Research"),
        [("function", ["formulas"]), ("science", ["backtests"]), ("candlestick_chart", ["markets"])],
    ),
    (gettext_lazy("Signals"), [("sensors", ["signals"]), ("notifications", ["notifications"])]),
    (gettext_lazy("Trading"), [("smart_toy", ["bots"]), ("account_balance_wallet", ["trading"])]),
    (gettext_lazy("Money"), [("payments", ["billing"]), ("credit_card", ["djstripe"])]),
    (gettext_lazy("Records"), [("history", ["journal"]), ("schedule", ["django_celery_beat"])]),
    (gettext_lazy("Access"), [("lock", ["auth", "socialaccount", "accounts.retentionrule"])]),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """As the admin's theme takes it. Asks the database for nothing but the person's permissions, once."""
    first = [
        {
            "title": gettext("Overview"),
            "icon": "dashboard",
            "link": reverse("admin:index"),
            "active": request.path == reverse("admin:index"),
        },
        {"title": gettext("Queues"), "icon": "stacks", "link": reverse("admin-queues")},
        {
            "title": gettext("Delivery analytics"),
            "icon": "monitoring",
            "link": reverse("admin:notifications_analytics"),
        },
        {"title": gettext("Revenue"), "icon": "trending_up", "link": reverse("admin:billing_revenue")},
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
