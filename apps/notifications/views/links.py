"""What links in messages lead to. They work without a log-in: the token is the key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.notifications.channels.registry import CHANNELS, channel_of
from apps.notifications.errors import BadLink
from apps.notifications.models import Notice
from apps.notifications.rules.events import event_of
from apps.notifications.rules.tokens import read_token
from apps.notifications.services import acknowledge as acknowledge_notice
from apps.notifications.services import unsubscribe as unsubscribe_person


@csrf_exempt  # mail programs post here by themselves (RFC 8058), without cookies
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET changes nothing, since programs that look at mails follow links; POST switches the event off."""
    parts = read_token("unsubscribe", token) or []
    person = User.objects.filter(pk=int(parts[0]), is_active=True).first() if len(parts) == 3 else None
    if person is None or parts[2] not in CHANNELS:
        raise BadLink(gettext("This link was cut or belongs to an account that does not exist any more."))
    try:
        event = event_of(parts[1])
    except KeyError:
        raise BadLink(gettext("Messages of this kind are not sent any more.")) from None
    if request.method == "POST":
        unsubscribe_person(person, event=event.name, channel=parts[2])
    context = {"event": event, "channel": channel_of(parts[2]), "is_done": request.method == "POST"}
    return render(request, "notifications/unsubscribe.html", context)


@csrf_exempt  # opened from anywhere, also inside other programs
@require_http_methods(["GET", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """The same for "I have seen this": nothing more is sent of the notice."""
    parts = read_token("ack", token) or []
    notice = Notice.objects.filter(pk=int(parts[0])).first() if len(parts) == 2 else None
    if notice is None:
        raise BadLink(gettext("This link was cut, or what it is about was deleted."))
    if request.method == "POST":
        acknowledge_notice(notice, way=parts[1])
        notice.refresh_from_db()
    context = {"notice": notice, "content": event_of(notice.event).content(notice.data)}
    return render(request, "notifications/acknowledge.html", context)
