"""The page behind an invitation's link, for people with and without an account."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from apps.accounts.errors import InvitationRefused
from apps.accounts.middleware import SESSION_KEY
from apps.accounts.models import Invitation
from apps.accounts.second_factor import require_passed
from apps.accounts.selectors import invitation_for_token
from apps.accounts.services import invitations


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who asks whom to join what. Somebody signed in with another address is told so and must say that it is meant."""
    found = invitation_for_token(token)
    if found is None:
        raise Http404(gettext("This link is not one of ours, or a newer one was sent."))
    problem = ""
    if request.method == "POST":
        try:
            if answer := _answer(request, found):
                return answer
            problem = gettext("Say that you want to join with this account.")
        except InvitationRefused as error:
            problem = error.message
    is_same = request.user.is_authenticated and request.user.email.lower() == found.email.lower()
    context = {
        "invitation": found,
        "is_same": is_same,
        "problem": problem,
        "here": reverse("invitation", args=[token]),
    }
    return render(request, "accounts/invitation.html", context, status=409 if problem else 200)


def _answer(request: HttpRequest, found: Invitation) -> HttpResponse | None:
    """Carry out what was chosen; None where it has yet to be confirmed."""
    if request.POST.get("answer") == "decline":
        invitations.decline(found, actor=request.user if request.user.is_authenticated else None)
        return redirect(request.path)
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    require_passed(request)
    if request.user.email.lower() != found.email.lower() and not request.POST.get("with_this_account"):
        return None
    membership = invitations.accept(found, actor=request.user)
    request.session[SESSION_KEY] = membership.workspace_id
    messages.success(
        request,
        gettext("You are {lower} of {workspace} now.").format(
            lower=membership.get_role_display().lower(), workspace=membership.workspace
        ),
    )
    return redirect("pages:dashboard")
