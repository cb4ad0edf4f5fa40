"""Where a person is reached: addresses, their confirmation by code, tests."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.needs import SIGNED_IN, needs
from apps.core.errors import Conflict
from apps.notifications import services
from apps.notifications.access import get_contact_for
from apps.notifications.choices import DisabledFor
from apps.notifications.errors import BadTarget, TooManyCodes, TooManyTests, WrongCode
from apps.notifications.forms import CodeForm, ContactForm
from apps.notifications.models import Contact
from apps.notifications.selectors import contacts_of, deliveries_to
from apps.notifications.views.parts import channel_words, tone_of

NEWEST = 20


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def contacts(request: HttpRequest) -> HttpResponse:
    """The list, and the form for another; a code goes there at once."""
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_contact(
                request.user,
                channel=form.cleaned_data["channel"],
                target=form.cleaned_data["target"],
                actor=request.user,
            )
        except (BadTarget, Conflict) as error:
            form.add_error("target" if error.field else None, error.message)
        else:
            _send_code(request, made)
            return redirect("notifications:contact", made.uuid)
    rows = [
        (contact, channel_words(contact.channel))
        for contact in contacts_of(request.user).filter(workspace=None)  # type: ignore[arg-type]
    ]
    context = {"form": form, "rows": rows, "is_live": settings.NOTIFICATIONS_LIVE}
    return render(request, "notifications/contacts.html", context, status=422 if form.errors else 200)


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One contact: the code that confirms it (a POST), then what went there."""
    found = get_contact_for(request.user, uuid)  # type: ignore[arg-type]
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.confirm_contact(found, form.cleaned_data["code"], actor=request.user)  # type: ignore[arg-type]
        except WrongCode as error:
            form.add_error("code", error.message)
        else:
            messages.success(request, "Confirmed. Messages can go there now.")
            return redirect("notifications:contact", uuid)
    context = {
        "contact": found,
        "channel_words": channel_words(found.channel),
        "form": form,
        "deliveries": [(row, tone_of(row.status)) for row in deliveries_to(found)[:NEWEST]],
        "is_live": settings.NOTIFICATIONS_LIVE,
    }
    return render(request, "notifications/contact.html", context, status=422 if form.errors else 200)


@needs(SIGNED_IN)
@require_POST
def code(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send another code."""
    _send_code(request, get_contact_for(request.user, uuid))  # type: ignore[arg-type]
    return redirect("notifications:contact", uuid)


@needs(SIGNED_IN)
@require_POST
def test(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_contact_for(request.user, uuid)  # type: ignore[arg-type]
    try:
        services.send_test_notice(found)
    except (Conflict, TooManyTests) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "A test is on its way; it shows below.")
    return redirect("notifications:contact", uuid)


@needs(SIGNED_IN)
@require_POST
def switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """On (`active=1`) or off."""
    found = get_contact_for(request.user, uuid)  # type: ignore[arg-type]
    if request.POST.get("active") == "1":
        services.enable_contact(found, actor=request.user)
        messages.success(request, "Switched on.")
    else:
        services.disable_contact(found, why=DisabledFor.PERSON, actor=request.user)
        messages.success(request, "Switched off. Nothing goes there.")
    return redirect("notifications:contact", uuid)


@needs(SIGNED_IN)
@require_POST
def remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    services.remove_contact(get_contact_for(request.user, uuid), actor=request.user)  # type: ignore[arg-type]
    messages.success(request, "Removed.")
    return redirect("notifications:contacts")


def _send_code(request: HttpRequest, contact: Contact) -> None:
    """Where nothing leaves the house and the site is being developed, the page says the code itself."""
    try:
        sent = services.send_code(contact, actor=request.user)  # type: ignore[arg-type]
    except (Conflict, TooManyCodes) as error:
        messages.error(request, error.message)
        return
    if settings.NOTIFICATIONS_LIVE:
        messages.success(request, f"A code was sent to {contact.label}.")
    elif settings.DEBUG:
        messages.info(request, f"Dry run: nothing was sent. The code would have been {sent}.")
    else:
        messages.warning(request, "Dry run: this installation sends nothing, so no code comes.")
