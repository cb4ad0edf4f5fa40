"""The REST API, put together from each app's `router_entries`."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from apps.accounts.api.urls import router_entries as accounts_entries
from apps.backtests.api.urls import router_entries as backtests_entries
from apps.billing.api.urls import router_entries as billing_entries
from apps.bots.api.urls import router_entries as bots_entries
from apps.core.api.documents import DescriptionView, DocumentationView
from apps.formulas.api.urls import router_entries as formulas_entries
from apps.markets.api.urls import router_entries as markets_entries
from apps.notifications.api.urls import router_entries as notifications_entries
from apps.pages.api.urls import router_entries as pages_entries
from apps.signals.api.urls import router_entries as signals_entries
from apps.trading.api.urls import router_entries as trading_entries

router = DefaultRouter(trailing_slash=True)
router.include_root_view = False
router.include_format_suffixes = False  # JSON is the only format
for prefix, viewset, basename in [
    *accounts_entries,
    *notifications_entries,
    *billing_entries,
    *markets_entries,
    *formulas_entries,
    *backtests_entries,
    *signals_entries,
    *trading_entries,
    *bots_entries,
    *pages_entries,
]:
    router.register(prefix, viewset, basename=basename)

urlpatterns = [
    path("v1/auth/", include("apps.accounts.api.auth_urls")),
    path("v1/notification-preferences/", include("apps.notifications.api.urls")),
    path("v1/", include((router.urls, "api"), namespace="v1")),
    path("schema/", DescriptionView.as_view(), name="api-schema"),
    path("docs/", DocumentationView.as_view(), name="api-docs"),
]
