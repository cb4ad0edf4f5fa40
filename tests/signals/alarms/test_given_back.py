"""A mail that comes back after its credits were settled."""

from __future__ import annotations

from apps.notifications.choices import DisabledFor
from apps.notifications.models import Delivery
from apps.notifications.services import MailReport, send_due, take_mail_report
from apps.signals.models import Firing
from apps.signals.services import settle_firings
from tests.signals.alarms.test_matching import purse


def test_its_credits_come_back_once(credits, user, workspace, alarm, receive, mailoutbox):
    alarm(channels=["email"])
    receive()
    send_due(linger_s=0)
    settle_firings()
    assert purse(workspace) == (99, 0, 1)
    mail = Delivery.objects.get(channel="email")
    report = MailReport(
        delivery=str(mail.uuid),
        provider_id="",
        address=user.email,
        at=mail.ended_at,
        failed=True,
        why=DisabledFor.BOUNCED,
        words="550 no such mailbox",
    )
    for _ in range(2):
        assert take_mail_report(report)
        settle_firings()
        assert purse(workspace) == (100, 0, 0)
        assert Firing.objects.get().spent == 0
