"""Where mail services report what became of mails: verified by Anymail, each in its own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anymail.exceptions import AnymailError
from anymail.signals import EventType, RejectReason
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.notifications.choices import DisabledFor
from apps.notifications.services import MailReport, take_mail_report

# services and what verifies their reports: a name and password in the address, or their signature
VIEWS: dict[str, str] = {
    "brevo": "anymail.webhooks.brevo.BrevoTrackingWebhookView",
    "mailgun": "anymail.webhooks.mailgun.MailgunTrackingWebhookView",
    "mailjet": "anymail.webhooks.mailjet.MailjetTrackingWebhookView",
    "postmark": "anymail.webhooks.postmark.PostmarkTrackingWebhookView",
    "sendgrid": "anymail.webhooks.sendgrid.SendGridTrackingWebhookView",
    "sparkpost": "anymail.webhooks.sparkpost.SparkPostTrackingWebhookView",
}
FAILED = (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED)
FOR_GOOD = (RejectReason.BOUNCED, RejectReason.INVALID)
SOFT = "SoftBounce"  # Postmark's word for a mailbox that is full


@csrf_exempt  # a server calls
@require_POST
def mail_report(request: HttpRequest, service: str) -> HttpResponse:
    """Events of a service; any that is not verified is refused, any that is of no use is taken and forgotten."""
    view = _view_of(service)
    if view is None:
        raise Http404(gettext("No reports are taken from this service."))
    try:
        view.run_validators(request)
    except AnymailError:
        return HttpResponse(status=403)
    try:
        events = view.parse_events(request)
    except (AnymailError, ValueError, KeyError, TypeError, AttributeError):
        return HttpResponse(status=400)
    for event in events:
        report = _report_of(event)
        if report is not None:
            take_mail_report(report)
    return HttpResponse(status=200)


def _view_of(service: str) -> Any:
    """Anymail's view of the service, with what it verifies by; None where nothing does."""
    if service not in VIEWS:
        return None
    made: Callable[..., Any] = import_string(VIEWS[service])
    if service == "mailgun":
        key = settings.MAILGUN_SIGNING_KEY
        return made(webhook_signing_key=key, webhook_secret=[]) if key else None
    secret = settings.MAIL_REPORTS_SECRET
    return made(webhook_secret=[secret]) if secret else None


def _report_of(event: Any) -> MailReport | None:
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    common: dict[str, Any] = {
        "delivery": str(metadata.get("delivery", "")),
        "provider_id": str(event.message_id or ""),
        "address": str(event.recipient or ""),
        "at": event.timestamp or timezone.now(),
    }
    if event.event_type == EventType.DELIVERED:
        return MailReport(**common, arrived=True)
    words = " ".join(str(event.mta_response or event.description or event.reject_reason or "").split())
    if event.event_type == EventType.COMPLAINED:
        return MailReport(**common, why=DisabledFor.COMPLAINED, words=words or gettext("reported as spam"))
    if event.event_type in FAILED:
        raw = event.esp_event if isinstance(event.esp_event, dict) else {}
        for_good = event.reject_reason in FOR_GOOD and raw.get("Type") != SOFT
        return MailReport(
            **common,
            failed=True,
            why=DisabledFor.BOUNCED if for_good else None,
            words=words or gettext("it came back"),
        )
    return None
