"""How I want to see things and be told of them, and what new research starts from."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.accounts.forms import PreferencesForm
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.selectors import preferences_of
from apps.accounts.services import update_preferences


@needs(SIGNED_IN)
def preferences(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST or None, instance=preferences_of(request.user))
    if request.method == "POST" and form.is_valid():
        update_preferences(request.user, form.cleaned_data)
        messages.success(request, gettext("Preferences saved."))
        return redirect("accounts:preferences")
    return render(request, "accounts/preferences.html", {"form": form}, status=422 if form.errors else 200)


@needs(SIGNED_IN)
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """The switches in the top bar: theme, or the colour of rising prices."""
    try:
        update_preferences(request.user, {k: v for k, v in request.POST.items() if k in ("theme", "rising")})
    except ValidationError as error:
        return JsonResponse(error.message_dict, status=422)
    return HttpResponse(status=204)
