"""Where a person is reached: addresses, their confirmation by code, tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.needs import SIGNED_IN, needs
from apps.core.errors import Conflict
from apps.core.lists import Asked
from apps.core.once import keep_once, take_once
from apps.notifications import services
from apps.notifications.access import get_contact_for
from apps.notifications.channels.base import AddedBy, Channel
from apps.notifications.channels.push_web.encryption import public_key
from apps.notifications.channels.registry import CHANNELS, channel_of, channels
from apps.notifications.choices import DisabledFor
from apps.notifications.errors import BadTarget, TooManyCodes, TooManyTests, WrongCode
from apps.notifications.forms import CodeForm, ContactForm, ContactSettingsForm
from apps.notifications.lists import SENT, chosen_of
from apps.notifications.models import Contact
from apps.notifications.selectors import contacts_of, deliveries_to, price_of, readers_of, saved_by_routing
from apps.notifications.views.parts import channel_words, event_words, tone_of

ELSEWHERE = AddedBy.ELSEWHERE


@dataclass(frozen=True, slots=True)
class WayToAdd:
    """A channel of the page with what adds a contact of it: a form, the browser's button or a link."""

    channel: Channel
    price: int
    form: ContactForm | None = None
    is_open: bool = False


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def contacts(request: HttpRequest) -> HttpResponse:
    """The list, and each channel with its way of adding one; where an address is typed, a code goes there at once."""
    chosen = _typed(request.POST.get("channel", "")) if request.method == "POST" else None
    form = ContactForm(request.POST, channel=chosen) if chosen else None
    if form is not None and form.is_valid():
        assert chosen is not None
        try:
            made = services.add_contact(
                request.user, channel=chosen.kind, target=form.cleaned_data["target"], actor=request.user
            )
        except (BadTarget, Conflict) as error:
            form.add_error("target", error.message)
        else:
            _send_code(request, made)
            return redirect("notifications:contact", made.uuid)
    person: User = request.user  # type: ignore[assignment]
    rows = list(contacts_of(person).filter(workspace=None))
    context = {
        "rows": [(contact, channel_words(contact.channel)) for contact in rows],
        "other_mail": any(contact.channel == "email" and contact.is_usable for contact in rows),
        "reader": readers_of([person.pk]).get(person.pk),
        "ways": [
            _way(way, form if way is chosen else None) for way in channels() if way.added_by != ELSEWHERE
        ],
        "push_key": public_key(),
        "saved": saved_by_routing(person),
        "is_live": settings.NOTIFICATIONS_LIVE,
        "not_here": request.method == "POST" and chosen is None,
    }
    refused = request.method == "POST"
    return render(request, "notifications/contacts.html", context, status=422 if refused else 200)


@needs(SIGNED_IN)
@require_POST
def telegram(request: HttpRequest) -> HttpResponse:
    """A new link to our bot, shown once on the page of the contact that waits for it."""
    try:
        waiting, url = services.start_telegram_link(request.user)  # type: ignore[arg-type]
    except (BadTarget, Conflict) as error:
        messages.error(request, error.message)
        return redirect("notifications:contacts")
    keep_once(request, f"telegram.{waiting.uuid}", url)
    return redirect("notifications:contact", waiting.uuid)


@needs(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """One contact: the code that confirms it (a POST) or the link that does, then what went there.

    The page of a link asks, by HTMX, whether the link was used (`?linked`).
    """
    if "linked" in request.GET:
        return _is_linked(request, uuid)
    found = get_contact_for(request.user, uuid)  # type: ignore[arg-type]
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.confirm_contact(found, form.cleaned_data["code"], actor=request.user)  # type: ignore[arg-type]
        except WrongCode as error:
            form.add_error("code", error.message)
        else:
            messages.success(request, gettext("Confirmed. Messages can go there now."))
            return redirect("notifications:contact", uuid)
    return _page(request, found, form=form)


@needs(SIGNED_IN)
@require_POST
def options(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Which events go there, and whether their text does."""
    found = get_contact_for(request.user, uuid)  # type: ignore[arg-type]
    form = ContactSettingsForm(request.POST, contact=found)
    if not form.is_valid():
        return _page(request, found, settings_form=form)
    services.change_contact(found, actor=request.user, **form.options())  # type: ignore[arg-type]
    messages.success(request, gettext("Saved."))
    return redirect("notifications:contact", uuid)


def _is_linked(request: HttpRequest, uuid: UUID) -> HttpResponse:
    answer = HttpResponse(status=204)
    found = contacts_of(request.user).filter(uuid=uuid).first()  # type: ignore[arg-type]
    if found is None:  # the chat was linked before: its own contact is in use again
        answer["HX-Redirect"] = reverse("notifications:contacts")
    elif found.verified_at is not None:
        answer["HX-Refresh"] = "true"
    return answer


def _page(request: HttpRequest, found: Contact, **forms: Any) -> HttpResponseBase:
    asked = Asked(SENT, request)
    wrong = any(form.errors for form in forms.values())

    def context(shown: list[Any]) -> dict[str, Any]:
        url = take_once(request, f"telegram.{found.uuid}")
        return {
            "contact": found,
            "channel_words": channel_words(found.channel),
            "added_by": channel_of(found.channel).added_by.value if found.channel in CHANNELS else "",
            "form": forms.get("form") or CodeForm(),
            "settings_form": forms.get("settings_form") or ContactSettingsForm(contact=found),
            "link": url,
            "qr": _drawing(url) if url else "",
            "group_link": url.replace("?start=", "?startgroup="),
            "deliveries": [(row, tone_of(row.status), event_words(row.notice.event)) for row in shown],
            "is_live": settings.NOTIFICATIONS_LIVE,
        }

    rows = chosen_of(deliveries_to(found), asked)
    return asked.answer(rows, "notifications/contact.html", context, status=422 if wrong else 200)


def _drawing(url: str) -> str:
    code = segno.make(url, error="m")
    return mark_safe(code.svg_inline(scale=4, border=2, dark="#10151f", light="#ffffff", omitsize=True))  # noqa: S308


def _typed(kind: str) -> Channel | None:
    """The channel, if a contact of it is typed here."""
    channel = channel_of(kind) if kind in CHANNELS else None
    return channel if channel and channel.added_by == AddedBy.CODE and channel.is_set_up else None


def _way(channel: Channel, form: ContactForm | None) -> WayToAdd:
    typed = channel.added_by == AddedBy.CODE and channel.is_set_up
    return WayToAdd(
        channel,
        price_of(channel),
        form or (ContactForm(channel=channel) if typed else None),
        is_open=form is not None,
    )


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
        messages.success(request, gettext("A test is on its way; it shows below."))
    return redirect("notifications:contact", uuid)


@needs(SIGNED_IN)
@require_POST
def switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """On (`active=1`) or off."""
    found = get_contact_for(request.user, uuid)  # type: ignore[arg-type]
    if request.POST.get("active") == "1":
        services.enable_contact(found, actor=request.user)
        messages.success(request, gettext("Switched on."))
    else:
        services.disable_contact(found, why=DisabledFor.PERSON, actor=request.user)
        messages.success(request, gettext("Switched off. Nothing goes there."))
    return redirect("notifications:contact", uuid)


@needs(SIGNED_IN)
@require_POST
def remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    services.remove_contact(get_contact_for(request.user, uuid), actor=request.user)  # type: ignore[arg-type]
    messages.success(request, gettext("Removed."))
    return redirect("notifications:contacts")


def _send_code(request: HttpRequest, contact: Contact) -> None:
    """Where nothing leaves the house and the site is being developed, the page says the code itself."""
    try:
        sent = services.send_code(contact, actor=request.user)  # type: ignore[arg-type]
    except (Conflict, TooManyCodes) as error:
        messages.error(request, error.message)
        return
    if settings.NOTIFICATIONS_LIVE:
        messages.success(request, gettext("A code was sent to {label}.").format(label=contact.label))
    elif settings.DEBUG:
        messages.info(
            request, gettext("Dry run: nothing was sent. The code would have been {sent}.").format(sent=sent)
        )
    else:
        messages.warning(request, gettext("Dry run: this installation sends nothing, so no code comes."))
