"""A workspace's outgoing webhooks: endpoints, their keys, what went there, and sending it again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs, require
from apps.core.errors import Conflict
from apps.core.lists import Asked
from apps.core.once import keep_once, take_once
from apps.notifications import services
from apps.notifications.access import get_delivery_for, get_endpoint_for
from apps.notifications.choices import DisabledFor
from apps.notifications.errors import BadTarget, TooManyTests
from apps.notifications.forms import ReplayForm, RotateForm, WebhookForm, WebhookSettingsForm
from apps.notifications.lists import DELIVERIES, chosen_of
from apps.notifications.models import Contact
from apps.notifications.selectors import content_of, deliveries_to, endpoints_of, with_day
from apps.notifications.views.parts import event_words, shown, tone_of


@needs("webhooks.manage", plan=ALWAYS)
@require_GET
def webhooks(request: HttpRequest) -> HttpResponse:
    rows = with_day(endpoints_of(request.workspace))
    return render(request, "notifications/webhooks.html", {"rows": rows})


@needs("webhooks.manage")
@never_cache
@require_http_methods(["GET", "POST"])
def webhook_new(request: HttpRequest) -> HttpResponse:
    """A form; the page after it shows the secret this once."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = services.add_webhook(
                request.user,
                url=form.cleaned_data["url"],
                actor=request.user,
                workspace=request.workspace,
                asymmetric=form.cleaned_data["signing"] == "pair",
                options=form.options(),
            )
        except (BadTarget, Conflict) as error:
            form.add_error("url", error.message)
        else:
            keep_once(request, f"webhook.{made.uuid}", secret)
            return redirect("notifications:webhook", made.uuid)
    return render(
        request, "notifications/webhook_new.html", {"form": form}, status=422 if form.errors else 200
    )


@needs("webhooks.manage", plan=(ALWAYS, ""))
@never_cache
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Health, settings and deliveries of one endpoint; a POST changes the settings, or acts on chosen deliveries."""
    found = get_endpoint_for(request.workspace, uuid)
    if "act" in request.POST:
        return Asked(DELIVERIES, request).act(deliveries_to(found))
    form = WebhookSettingsForm(request.POST or None, contact=found)
    if request.method == "POST" and form.is_valid():
        services.change_contact(found, actor=request.user, **form.options())
        messages.success(request, gettext("Endpoint saved."))
        return redirect("notifications:webhook", uuid)
    return _page(request, found, form=form)


@needs("webhooks.manage")
@require_POST
def rotate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_endpoint_for(request.workspace, uuid)
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose how long the present key goes on signing."))
        return redirect("notifications:webhook", uuid)
    keep_once(
        request,
        f"webhook.{found.uuid}",
        services.rotate_webhook_key(found, actor=request.user, overlap=form.overlap()),
    )
    return redirect("notifications:webhook", uuid)


@needs("webhooks.manage")
@require_POST
def test(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = get_endpoint_for(request.workspace, uuid)
    try:
        services.send_test_notice(found)
    except (Conflict, TooManyTests) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("A test is on its way; it shows below."))
    return redirect("notifications:webhook", uuid)


@needs("webhooks.manage", plan=ALWAYS)
@require_POST
def switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """On (`active=1`) or off."""
    found = get_endpoint_for(request.workspace, uuid)
    if request.POST.get("active") == "1":
        require(request, "webhooks.manage")  # with what the plan must hold for it
        services.enable_contact(found, actor=request.user)
        messages.success(request, gettext("Switched on. What it missed can be replayed below."))
    else:
        services.disable_contact(found, why=DisabledFor.PERSON, actor=request.user)
        messages.success(request, gettext("Switched off. Nothing goes there."))
    return redirect("notifications:webhook", uuid)


@needs("webhooks.manage", plan=ALWAYS)
@require_POST
def remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    services.remove_contact(get_endpoint_for(request.workspace, uuid), actor=request.user)
    messages.success(request, gettext("Endpoint removed."))
    return redirect("notifications:webhooks")


@needs("webhooks.manage")
@require_POST
def replay(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """What failed in a span of time, or all of it."""
    found = get_endpoint_for(request.workspace, uuid)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        return _page(request, found, replay_form=form)
    try:
        number = services.replay_deliveries(found, actor=request.user, **form.cleaned_data)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        if number:
            messages.success(
                request,
                ngettext(
                    "{number} delivery is sent again.", "{number} deliveries are sent again.", number
                ).format(number=number),
            )
        else:
            messages.info(request, gettext("There is nothing to send again in that time."))
    return redirect("notifications:webhook", uuid)


@needs("webhooks.manage", plan=ALWAYS)
@require_GET
def delivery(request: HttpRequest, uuid: UUID, delivery: UUID) -> HttpResponse:
    """One delivery: what was sent, and each attempt."""
    found = get_endpoint_for(request.workspace, uuid)
    row = get_delivery_for(found, delivery)
    context = {
        "contact": found,
        "shown": shown(row),
        "content": content_of(row.notice),
        "event_words": event_words(row.notice.event),
    }
    return render(request, "notifications/webhook_delivery.html", context)


@needs("webhooks.manage")
@require_POST
def replay_one(request: HttpRequest, uuid: UUID, delivery: UUID) -> HttpResponse:
    row = get_delivery_for(get_endpoint_for(request.workspace, uuid), delivery)
    try:
        services.replay_delivery(row, actor=request.user)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("It is sent again."))
    return redirect("notifications:webhook-delivery", uuid, delivery)


def _page(request: HttpRequest, found: Contact, **forms: Any) -> HttpResponseBase:
    asked = Asked(DELIVERIES, request)
    rows = chosen_of(deliveries_to(found), asked)
    wrong = any(form.errors for form in forms.values())
    return asked.answer(
        rows,
        "notifications/webhook.html",
        lambda shown: {
            "contact": found,
            "day": with_day([found])[0][1],
            "secret": take_once(request, f"webhook.{found.uuid}"),
            "form": forms.get("form") or WebhookSettingsForm(contact=found),
            "rotate_form": RotateForm(),
            "replay_form": forms.get("replay_form") or ReplayForm(),
            "deliveries": [(row, tone_of(row.status), event_words(row.notice.event)) for row in shown],
            "is_live": settings.NOTIFICATIONS_LIVE,
        },
        status=422 if wrong else 200,
    )
