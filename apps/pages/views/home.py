"""Pages that join several rooms: landing, dashboard, the catalogue of components."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from apps.accounts.needs import needs
from apps.backtests.selectors import backtests_of
from apps.billing.selectors import meters_of, plan_of
from apps.billing.selectors.comparison import compare
from apps.billing.selectors.credits import available_of
from apps.bots.selectors import overview_of
from apps.core.address_limits import limited_by_address
from apps.core.snapshots import one_snapshot
from apps.core.visiting import is_visit
from apps.formulas.library import template_of
from apps.formulas.selectors import formulas_of
from apps.pages.first_run import market_for, picks, standing_of
from apps.pages.incidents import incidents_of
from apps.pages.picture import picture_now
from apps.pages.views.first_run import drawn
from apps.pages.visits import guest_of_demo
from apps.signals.selectors import posted_sources_of, signals_of
from apps.trading.models import EquityPoint
from apps.trading.selectors import Chosen, currencies_of, positions_of

DAY = timedelta(days=1)
SHOWN = 6  # rows of each list
METERS = ("backtests", "bots")


def landing(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("pages:dashboard")
    template = template_of("rsi-reversal")
    context = {
        "template": template,
        "still": drawn(template) if template else "",
        "picture": picture_now(),
        "guest": guest_of_demo(),
        "comparison": compare("", ""),
    }
    return render(request, "pages/landing.html", context)


@require_GET
@limited_by_address("picture", per_minute=60)
def picture(request: HttpRequest) -> HttpResponse:
    """The live part of the landing page, fetched again while it is open."""
    found = picture_now()
    if found is None:
        raise Http404(gettext("There is no demo to draw here."))
    return render(request, "pages/_picture.html", {"picture": found})


@needs("workspace.view")
@require_GET
@one_snapshot()
def dashboard(request: HttpRequest) -> HttpResponse:
    """What matters now; for who has nothing yet, the first run."""
    workspace = request.workspace
    has_formulas = formulas_of(workspace).order_by().exists()
    context = _now(request) | _signals(request)
    first = standing_of(workspace)
    is_new = not has_formulas and not context["bots"].has_bots
    offered = {"formulas.edit", "backtests.run"} <= set(request.rights) and not first.is_over
    context |= {
        "is_new": is_new,
        "first": first if offered and not context["bots"].has_bots else None,
        "backtests": [] if is_new else backtests_of(workspace)[:5],
        "meters": [meter for meter in meters_of(workspace) if meter.meter in METERS],
        "plan": plan_of(workspace),
        "todo": _todo(request),
    }
    if "billing.view" in request.rights:
        context["credits"] = available_of(workspace)
    if is_new and offered:
        context["templates"] = picks()
        context["picks"] = [(template, drawn(template)) for template in picks()]
        context["bar_set"] = market_for(workspace, picks()[0])
    return render(request, "pages/dashboard.html", context)


@needs("workspace.view")
@require_GET
@one_snapshot()
def dashboard_now(request: HttpRequest) -> HttpResponse:
    """The parts that bars and fills change, fetched again by the open page."""
    return render(request, "pages/_now.html", _now(request))


@needs("workspace.view")
@require_GET
def dashboard_signals(request: HttpRequest) -> HttpResponse:
    """The part that signals change."""
    return render(request, "pages/_signals.html", _signals(request))


def _now(request: HttpRequest) -> dict[str, Any]:
    workspace = request.workspace
    bots = overview_of(workspace, fills=SHOWN)
    # several currencies are never added up; the one with the most books is shown, the portfolio has the rest
    currency = next(iter(currencies_of(workspace)), "")
    chosen = Chosen(currency)
    return {
        "bots": bots,
        "incidents": incidents_of(workspace, request.rights, bots),
        "positions": positions_of(workspace, chosen) if currency else [],
        "has_curve": bool(currency) and EquityPoint.objects.filter(book__in=chosen.books(workspace)).exists(),
        "shown": SHOWN,
    }


def _signals(request: HttpRequest) -> dict[str, Any]:
    signals = signals_of(request.workspace)
    return {
        "signals": signals[:SHOWN],
        "signal_count": signals.filter(created_at__gte=timezone.now() - DAY).count(),
    }


def _todo(request: HttpRequest) -> list[str]:
    """Names of what the person could do next, for the template to say. Nothing for visitors of the demo."""
    if is_visit(request):
        return []
    found = []
    person = request.user
    if not EmailAddress.objects.filter(user=person, verified=True).exists():
        found.append("email")
    if person.second_factors_at is None:
        found.append("factor")
    if "signals.manage" in request.rights and not posted_sources_of(request.workspace).exists():
        found.append("source")
    return found
