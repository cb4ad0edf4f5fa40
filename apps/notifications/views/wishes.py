"""What a person wants to be told, where and when."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.needs import SIGNED_IN, needs
from apps.notifications import services
from apps.notifications.errors import NotToBeChosen
from apps.notifications.forms import HoursForm
from apps.notifications.rules.events import Event, events
from apps.notifications.rules.routing import BOUNDS
from apps.notifications.selectors import (
    NOT_CHOSEN,
    arrival_times,
    arrival_wishes_of,
    choices_of,
    contacts_of,
    hours_of,
    saved_by_routing,
)


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Every event on every channel, in one form."""
    rows = choices_of(request.user)  # type: ignore[arg-type]
    if request.method == "POST":
        arrival = arrival_wishes_of(request.user)  # type: ignore[arg-type]
        with transaction.atomic():
            changed = 0
            for event, choices in rows:
                for choice in choices:
                    mode = request.POST.get(f"{event.name}:{choice.channel}", "")
                    if mode in choice.options and mode != choice.mode:
                        services.set_preference(
                            request.user,
                            event=event.name,
                            channel=choice.channel,
                            mode=mode,
                            actor=request.user,
                        )
                        changed += 1
                changed += _arrival(request, event, arrival)
        messages.success(
            request, gettext("Preferences saved.") if changed else gettext("Nothing was changed.")
        )
        return redirect("notifications:preferences")
    return _page(request, HoursForm(hours=hours_of(request.user)))  # type: ignore[arg-type]


@needs(SIGNED_IN)
@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """What the messages about an event look like on each channel, in text and, where there is one, in HTML."""
    known = [event for event in events() if event.name not in NOT_CHOSEN]
    chosen = next((event for event in known if event.name == request.GET.get("event")), known[0])
    context = {
        "events": known,
        "chosen": chosen,
        "previews": services.preview_event(request.user, chosen),  # type: ignore[arg-type]
    }
    return render(request, "notifications/preview.html", context)


@needs(SIGNED_IN)
@require_POST
def hours(request: HttpRequest) -> HttpResponse:
    form = HoursForm(request.POST, hours=hours_of(request.user))  # type: ignore[arg-type]
    if form.is_valid():
        try:
            services.set_delivery_hours(request.user, form.cleaned_data, actor=request.user)
        except NotToBeChosen as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, gettext("Hours saved."))
            return redirect("notifications:preferences")
    return _page(request, form)


def _arrival(request: HttpRequest, event: Event, kept: dict[str, int]) -> int:
    """Take the time that an event may take by the cheapest channels. Returns 1 for a change."""
    asked = request.POST.get(f"{event.name}:within", None)
    if asked is None or event.required or asked not in {"", *map(str, BOUNDS)}:
        return 0
    within_s = int(asked) if asked else None
    if within_s == kept.get(event.name):
        return 0
    services.set_arrival_wish(request.user, event=event.name, within_s=within_s, actor=request.user)  # type: ignore[arg-type]
    return 1


def _page(request: HttpRequest, form: HoursForm) -> HttpResponse:
    person: User = request.user  # type: ignore[assignment]
    rows = choices_of(person)
    arrival = arrival_wishes_of(person)
    reached = {"inbox", "email", *contacts_of(person).values_list("channel", flat=True)}
    context = {
        "rows": [
            (
                event,
                [one for one in choices if one.channel in reached or not one.is_default],
                arrival.get(event.name),
            )
            for event, choices in rows
        ],
        "has_more": any(one.channel not in reached for _, choices in rows[:1] for one in choices),
        "times": arrival_times(),
        "saved": saved_by_routing(person),
        "form": form,
        "zone": person.timezone,
    }
    return render(request, "notifications/preferences.html", context, status=422 if form.errors else 200)
