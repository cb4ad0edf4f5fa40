"""Quiet hours and digests on ordinary days and on those on which the clocks are put. Moments worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from apps.notifications.choices import Mode, Urgency
from apps.notifications.rules.events import Event
from apps.notifications.rules.hours import moment, next_digest, quiet_until, zone_of
from apps.notifications.rules.planning import Clock, Plan, plan

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("case", "zone", "begin", "end", "now", "until"),
    [
        # Berlin in winter is UTC+1: 22:00 to 07:00 is 21:00 to 06:00
        ("evening", BERLIN, time(22), time(7), "2026-01-10 21:00", "2026-01-11 06:00"),
        ("morning", BERLIN, time(22), time(7), "2026-01-11 05:59", "2026-01-11 06:00"),
        ("its end is outside", BERLIN, time(22), time(7), "2026-01-11 06:00", None),
        ("before", BERLIN, time(22), time(7), "2026-01-10 20:59", None),
        ("within one day", BERLIN, time(13), time(15), "2026-01-10 12:30", "2026-01-10 14:00"),
        # 29 March 2026, 01:00 UTC: 02:00 becomes 03:00, so that 07:00 is 05:00 UTC
        ("spring, across", BERLIN, time(22), time(7), "2026-03-28 23:00", "2026-03-29 05:00"),
        ("spring, end skipped", BERLIN, time(22), time(2, 30), "2026-03-29 00:30", "2026-03-29 01:00"),
        ("spring, begin skipped", BERLIN, time(2, 30), time(7), "2026-03-29 01:00", "2026-03-29 05:00"),
        ("spring, before the skip", BERLIN, time(2, 30), time(7), "2026-03-29 00:59", None),
        ("spring, all skipped", BERLIN, time(2, 10), time(2, 50), "2026-03-29 01:00", None),
        # 25 October 2026, 01:00 UTC: 03:00 becomes 02:00, so that 02:30 comes at 00:30 and 01:30 UTC
        ("autumn, across", BERLIN, time(22), time(7), "2026-10-24 21:00", "2026-10-25 06:00"),
        ("autumn, end twice", BERLIN, time(22), time(2, 30), "2026-10-25 00:45", "2026-10-25 01:30"),
        ("autumn, begin twice", BERLIN, time(2, 30), time(7), "2026-10-25 00:30", "2026-10-25 06:00"),
        # New York: 8 March 2026 07:00 UTC and 1 November 2026 06:00 UTC
        ("New York, spring", NEW_YORK, time(23), time(6), "2026-03-08 05:00", "2026-03-08 10:00"),
        ("New York, autumn", NEW_YORK, time(23), time(6), "2026-11-01 04:00", "2026-11-01 11:00"),
        # offsets that are no whole hours, and 30 December 2011, which Samoa left out
        ("Kathmandu", ZoneInfo("Asia/Kathmandu"), time(22), time(6), "2026-05-01 17:00", "2026-05-02 00:15"),
        (
            "Lord Howe",
            ZoneInfo("Australia/Lord_Howe"),
            time(1),
            time(2, 15),
            "2026-10-03 15:00",
            "2026-10-03 15:30",
        ),
        ("Apia", ZoneInfo("Pacific/Apia"), time(22), time(7), "2011-12-30 09:00", "2011-12-30 10:00"),
    ],
)
def test_quiet_hours(case, zone, begin, end, now, until):
    assert quiet_until(at(now), zone, begin, end) == (at(until) if until else None), case


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-28 06:59", "2026-03-28 07:00"),  # 08:00 in Berlin
        ("2026-03-28 07:00", "2026-03-29 06:00"),
        ("2026-10-24 06:00", "2026-10-25 07:00"),
    ],
)
def test_the_digest_comes_at_the_same_time_of_the_clock(now, due):
    assert next_digest(at(now), BERLIN, time(8)) == at(due)


def test_every_moment_of_a_year_agrees_with_its_wall_clock():
    """For every hour of 2026: the moment found for what the clock shows is one at which it shows that."""
    hour = at("2026-01-01 00:00").timestamp()
    for number in range(24 * 365):
        now = datetime.fromtimestamp(hour + 3600 * number, UTC)
        wall = now.astimezone(BERLIN)
        assert now in {
            moment(wall.date(), wall.time(), BERLIN),
            moment(wall.date(), wall.time(), BERLIN, last=True),
        }


def test_a_zone_that_does_not_exist_any_more_counts_as_utc():
    assert zone_of("Mars/Olympus") == ZoneInfo("UTC")


NIGHT = at("2026-01-10 23:00")
MORNING = at("2026-01-11 06:00")
QUIET = Clock(BERLIN, (time(22), time(7)), Urgency.HIGH, time(9))
CHOICE = Event("tests.choice.made", "A choice")
REQUIRED = Event("tests.duty.done", "A duty", modes={"email": Mode.NOW}, required=True)


@pytest.mark.parametrize(
    ("case", "event", "mode", "urgency", "interrupts", "is_test", "planned"),
    [
        ("held back", CHOICE, Mode.NOW, Urgency.NORMAL, True, False, Plan(MORNING)),
        ("breaks through", CHOICE, Mode.NOW, Urgency.HIGH, True, False, Plan(NIGHT)),
        ("disturbs nobody", CHOICE, Mode.NOW, Urgency.LOW, False, False, Plan(NIGHT)),
        ("required", REQUIRED, Mode.NOW, Urgency.LOW, True, False, Plan(NIGHT)),
        ("a test", CHOICE, Mode.OFF, Urgency.LOW, True, True, Plan(NIGHT)),
        ("off", CHOICE, Mode.OFF, Urgency.CRITICAL, True, False, None),
        (
            "digest",
            CHOICE,
            Mode.DIGEST,
            Urgency.HIGH,
            True,
            False,
            Plan(at("2026-01-11 08:00"), in_digest=True),
        ),
        ("critical", CHOICE, Mode.DIGEST, Urgency.CRITICAL, True, False, Plan(NIGHT)),
    ],
)
def test_when_it_is_sent(case, event, mode, urgency, interrupts, is_test, planned):
    found = plan(NIGHT, QUIET, event, mode, urgency, interrupts=interrupts, is_test=is_test)
    assert found == planned, case


@pytest.mark.parametrize(
    ("event", "channel", "chosen", "mode"),
    [
        (CHOICE, "inbox", None, Mode.NOW),
        (CHOICE, "email", None, Mode.OFF),
        (CHOICE, "email", "digest", Mode.DIGEST),
        (CHOICE, "inbox", "off", Mode.OFF),
        (REQUIRED, "email", "off", Mode.NOW),
        (REQUIRED, "sms", None, Mode.OFF),
    ],
)
def test_what_is_chosen_counts_unless_it_is_required(event, channel, chosen, mode):
    assert event.mode(channel, chosen) == mode
