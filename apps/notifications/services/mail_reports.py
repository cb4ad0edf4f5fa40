"""What mail services report after they took a mail: it arrived, came back, or was reported as spam."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.journal.services import record
from apps.notifications.channels.registry import channel_of
from apps.notifications.choices import DeliveryStatus, DisabledFor
from apps.notifications.models import Contact, Delivery
from apps.notifications.services.contacts import disable_contact, target_digest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailReport:
    """`delivery` is the key that went out with the mail, `provider_id` what the service calls it.

    `why` is BOUNCED or COMPLAINED where the address is to be left alone from now on; `failed` alone says that this one
    mail was not taken.
    """

    delivery: str
    provider_id: str
    address: str
    at: datetime
    arrived: bool = False
    failed: bool = False
    why: DisabledFor | None = None
    words: str = ""


@transaction.atomic
def take_mail_report(report: MailReport) -> bool:
    """Note what became of a mail; a report that comes twice changes nothing. Returns whether the mail is known."""
    found = _delivery_of(report)
    if found is None:
        log.info("mail_report_unknown", provider_id=report.provider_id)
        return False
    if report.arrived:
        Delivery.objects.filter(pk=found.pk, arrived_at=None).update(arrived_at=report.at)
        return True
    words = report.words[:300]
    if report.failed:
        # what was paid for is given back by who holds the money; what is not settled yet is not charged at all
        Delivery.objects.filter(
            Q(charged_at__isnull=False) & ~Q(charge_key=""),
            pk=found.pk,
            status=DeliveryStatus.DELIVERED,
            cost__gt=0,
        ).update(refund_due=True)
        Delivery.objects.filter(pk=found.pk, status=DeliveryStatus.DELIVERED).update(
            status=DeliveryStatus.FAILED, error=words, arrived_at=None
        )
    if report.why is not None:
        _leave_alone(found, report, words)
    return True


def _delivery_of(report: MailReport) -> Delivery | None:
    rows = Delivery.objects.select_related("person", "contact__person", "contact__workspace").filter(
        channel="email"
    )
    try:
        found = rows.filter(uuid=UUID(report.delivery)).first()
    except ValueError:
        found = None
    if found is None and report.provider_id:
        found = rows.filter(provider_id=report.provider_id).order_by("-id").first()
    return found


def _leave_alone(delivery: Delivery, report: MailReport, words: str) -> None:
    assert report.why is not None
    contact = delivery.contact or _account_address(delivery)
    if contact is not None:
        disable_contact(contact, why=report.why, note=words)


def _account_address(delivery: Delivery) -> Contact | None:
    """A contact that stands for the account's own address, so that it can be off; None where it is off already."""
    person, address, way = delivery.person, delivery.person.email, channel_of("email")
    digest = target_digest("email", address)
    rows = Contact.objects.exclude(disabled_for=DisabledFor.REMOVED)
    kept = rows.filter(person=person, workspace=None, channel="email", target_digest=digest).first()
    if kept is not None:
        if kept.options.get("account") != address:
            kept.options = {**kept.options, "account": address}
            kept.save(update_fields=["options", "updated_at"])
        return kept if kept.disabled_at is None else None
    made = Contact.objects.create(
        person=person,
        workspace=None,
        channel="email",
        label=way.mask(address),
        target=address,
        target_digest=digest,
        options={"account": address},
        verified_at=timezone.now(),
    )
    record(
        actor=None,
        workspace=None,
        action="notifications.contact.added",
        target=made,
        changes={"channel": "email"},
        personal={"contact": made.label},
        subject=person,
    )
    return made
