"""The end of looking at the product as somebody else. (It begins in the admin.)"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.accounts.impersonation import stop_looking
from apps.accounts.needs import SIGNED_IN, needs


@needs(SIGNED_IN)
@require_POST
def impersonation_stop(request: HttpRequest) -> HttpResponse:
    look = stop_looking(request)
    if look is None:
        return redirect("pages:dashboard")
    messages.success(request, gettext("You no longer look as {user}.").format(user=look.user))
    return redirect(reverse("admin:accounts_user_change", args=[look.user_id]))
