"""Into the demo without an account, and out of it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.core.address_limits import limited_by_address
from apps.pages.visits import begin_visit, end_visit, guest_of_demo


@never_cache
@require_POST
@limited_by_address("visit-begin", per_minute=10)
def visit(request: HttpRequest) -> HttpResponse:
    """Whoever is signed in has a dashboard of their own to go to."""
    if request.user.is_authenticated:
        return redirect("pages:dashboard")
    guest = guest_of_demo()
    if guest is None:
        raise Http404(gettext("There is no demo to look at here."))
    begin_visit(request, guest)
    return redirect("pages:dashboard")


@never_cache
@require_POST
def visit_end(request: HttpRequest) -> HttpResponse:
    end_visit(request)
    return redirect("pages:landing")
