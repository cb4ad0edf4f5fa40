"""Writes of the notifications room."""

from apps.notifications.rules.events import Content, Event, content_of_data, register_event
from apps.notifications.services.contacts import (
    add_contact,
    add_webhook,
    change_contact,
    disable_contact,
    enable_contact,
    remove_contact,
    replay_deliveries,
    replay_delivery,
    rotate_webhook_key,
    send_test_notice,
)
from apps.notifications.services.ends import LateFailure, NoticeEnd, take_ends, take_late_failures
from apps.notifications.services.ladders import remove_ladder, save_ladder
from apps.notifications.services.mail_reports import MailReport, take_mail_report
from apps.notifications.services.notices import (
    acknowledge,
    archive_notice,
    live_group,
    mark_all_read,
    mark_read,
    mark_unread,
    unarchive_notice,
)
from apps.notifications.services.plans import NewNotice, PlannedNotice
from apps.notifications.services.previews import preview_event, preview_of
from apps.notifications.services.queueing import plan_notices, queue_notices, queue_planned
from apps.notifications.services.routing import measure_speeds
from apps.notifications.services.sending import send_due
from apps.notifications.services.telegram import start_telegram_link
from apps.notifications.services.verification import confirm_contact, send_code
from apps.notifications.services.wishes import (
    set_arrival_wish,
    set_delivery_hours,
    set_preference,
    unsubscribe,
)

__all__ = [
    "Content",
    "Event",
    "LateFailure",
    "MailReport",
    "NewNotice",
    "NoticeEnd",
    "PlannedNotice",
    "acknowledge",
    "add_contact",
    "add_webhook",
    "archive_notice",
    "change_contact",
    "confirm_contact",
    "content_of_data",
    "disable_contact",
    "enable_contact",
    "live_group",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "measure_speeds",
    "plan_notices",
    "preview_event",
    "preview_of",
    "queue_notices",
    "queue_planned",
    "register_event",
    "remove_contact",
    "remove_ladder",
    "replay_deliveries",
    "replay_delivery",
    "rotate_webhook_key",
    "save_ladder",
    "send_code",
    "send_due",
    "send_test_notice",
    "set_arrival_wish",
    "set_delivery_hours",
    "set_preference",
    "start_telegram_link",
    "take_ends",
    "take_late_failures",
    "take_mail_report",
    "unarchive_notice",
    "unsubscribe",
]
