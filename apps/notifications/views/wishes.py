"""What a person wants to be told, where and when."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.needs import SIGNED_IN, needs
from apps.notifications import services
from apps.notifications.errors import NotToBeChosen
from apps.notifications.forms import HoursForm
from apps.notifications.selectors import choices_of, hours_of


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Every event on every channel, in one form."""
    rows = choices_of(request.user)  # type: ignore[arg-type]
    if request.method == "POST":
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
        messages.success(request, "Preferences saved." if changed else "Nothing was changed.")
        return redirect("notifications:preferences")
    return _page(request, HoursForm(hours=hours_of(request.user)))  # type: ignore[arg-type]


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
            messages.success(request, "Hours saved.")
            return redirect("notifications:preferences")
    return _page(request, form)


def _page(request: HttpRequest, form: HoursForm) -> HttpResponse:
    rows = choices_of(request.user)  # type: ignore[arg-type]
    context = {
        "rows": rows,
        "channels": [choice.words for choice in rows[0][1]] if rows else [],
        "form": form,
        "zone": request.user.timezone,  # type: ignore[union-attr]
    }
    return render(request, "notifications/preferences.html", context, status=422 if form.errors else 200)
