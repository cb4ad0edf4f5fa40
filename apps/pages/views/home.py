"""Pages that join several rooms: landing, dashboard, the catalogue of components."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.accounts.needs import SIGNED_IN, needs
from apps.backtests.selectors import backtests_of
from apps.billing.selectors import meters_of, plan_of
from apps.bots.selectors import overview_of
from apps.core.snapshots import one_snapshot
from apps.formulas.library import template_of, templates
from apps.formulas.selectors import formulas_of
from apps.markets.selectors import visible_bar_sets
from apps.signals.selectors import signals_of

DAY = timedelta(days=1)


def landing(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("pages:dashboard")
    return render(request, "pages/landing.html", {"template": template_of("rsi-reversal")})


@needs("workspace.view")
@one_snapshot()
def dashboard(request: HttpRequest) -> HttpResponse:
    workspace = request.workspace
    context = {
        "formulas": formulas_of(workspace)[:5],
        "backtests": backtests_of(workspace)[:6],
        "signals": signals_of(workspace)[:8],
        "market_count": visible_bar_sets(workspace).values("instrument").distinct().count(),
        "signal_count": signals_of(workspace).filter(created_at__gte=timezone.now() - DAY).count(),
        "meters": meters_of(workspace),
        "plan": plan_of(workspace),
        "templates": templates()[:3],
        "bots": overview_of(workspace) if "bots.view" in request.rights else None,
    }
    return render(request, "pages/dashboard.html", context)


@needs(SIGNED_IN)
def design(request: HttpRequest) -> HttpResponse:
    """Every component in every state, the living catalogue."""
    return render(request, "pages/design.html")
