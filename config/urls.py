"""Every HTTP path of the site."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from apps.accounts.views.invitations import invitation
from apps.accounts.views.language import language
from apps.billing.views import plans
from apps.core import views as core_views
from apps.core.script_words import ScriptWords
from apps.pages.staff import queues

urlpatterns = [
    path("", include("apps.pages.urls")),
    path("accounts/", include("apps.accounts.entry_urls")),  # before allauth's: the sign-in page is ours
    path("accounts/", include("apps.accounts.second_factor_urls")),
    path("accounts/", include("allauth.urls")),
    path("settings/", include("apps.accounts.urls")),
    path("settings/workspace/billing/", include("apps.billing.money_urls")),
    path("settings/workspace/credits/", include("apps.billing.urls")),
    path("settings/workspace/usage/", include("apps.billing.usage_urls")),
    path("plans/", plans.plans, name="plans"),
    path("plans/<slug:code>/trial/", plans.trial, name="plan-trial"),
    path("billing/webhooks/", include("apps.billing.webhook_urls")),
    path("invitations/<slug:token>/", invitation, name="invitation"),
    path("markets/", include("apps.markets.urls")),
    path("data/feeds/", include("apps.markets.feed_urls")),
    path("docs/", include("apps.guides.urls")),
    path("formulas/", include("apps.formulas.urls")),
    path("backtests/", include("apps.backtests.urls")),
    path("bots/", include("apps.bots.urls")),
    path("signals/", include("apps.signals.urls")),
    path("", include("apps.trading.urls")),
    path("verify/", include("apps.signals.public_urls")),
    path("", include("apps.notifications.urls")),
    path("api/", include("config.api")),
    path("language/", language, name="language"),
    path("words/<slug:language>.js", ScriptWords.as_view(), name="script-words"),
    path("health/live", core_views.health_live, name="health-live"),
    path("health/ready", core_views.health_ready, name="health-ready"),
    path("mail/", include("apps.core.urls")),
    path("admin/queues/", admin.site.admin_view(queues.queues), name="admin-queues"),
    path(
        "admin/queues/<slug:deed>/<slug:job_kind>/<int:pk>/",
        admin.site.admin_view(queues.act),
        name="admin-queue-act",
    ),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("img/favicon.svg"))),
]
handler400 = "apps.core.views.malformed"
handler404 = "apps.core.views.not_found"
handler403 = "apps.core.views.forbidden"
handler500 = "apps.core.views.server_error"
