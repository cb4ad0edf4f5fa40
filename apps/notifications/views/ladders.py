"""Ladders: which channel comes after which, until somebody answers."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import SIGNED_IN, needs
from apps.core.errors import Conflict
from apps.notifications import services
from apps.notifications.access import get_ladder_for
from apps.notifications.errors import BadLadder
from apps.notifications.forms import LadderForm
from apps.notifications.models import Ladder
from apps.notifications.rules.routing import duration_words
from apps.notifications.selectors import ladders_of
from apps.notifications.views.parts import channel_words


@needs(SIGNED_IN)
@require_GET
def ladders(request: HttpRequest) -> HttpResponse:
    rows = [
        (one, [(channel_words(step["channel"]), duration_words(step["wait_s"])) for step in one.steps])
        for one in ladders_of(request.user)  # type: ignore[arg-type]
    ]
    return render(request, "notifications/ladders.html", {"rows": rows})


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def ladder_new(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def ladder(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _edit(request, get_ladder_for(request.user, uuid))  # type: ignore[arg-type]


@needs(SIGNED_IN)
@require_POST
def ladder_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_ladder_for(request.user, uuid)  # type: ignore[arg-type]
    try:
        services.remove_ladder(found, actor=request.user)  # type: ignore[arg-type]
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("notifications:ladder", uuid)
    messages.success(request, gettext("Ladder removed."))
    return redirect("notifications:ladders")


def _edit(request: HttpRequest, found: Ladder | None) -> HttpResponse:
    form = LadderForm(request.POST or None, ladder=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_ladder(
                request.user,  # type: ignore[arg-type]
                name=form.cleaned_data["name"],
                until=form.cleaned_data["until"],
                steps=form.steps(),
                actor=request.user,  # type: ignore[arg-type]
                ladder=found,
            )
        except (BadLadder, Conflict) as error:
            form.add_error("name" if error.field == "name" else None, error.message)
        else:
            messages.success(request, gettext("Ladder saved."))
            return redirect("notifications:ladders")
    context = {"form": form, "ladder": found}
    return render(request, "notifications/ladder.html", context, status=422 if form.errors else 200)
