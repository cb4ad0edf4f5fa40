"""What workers take, in which order, what stops them, and what a dead one leaves behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.notifications.choices import Mode, Until, Urgency
from apps.notifications.models import Attempt, Contact, Delivery, Ladder, Notice
from apps.notifications.services import (
    NewNotice,
    acknowledge,
    add_webhook,
    disable_contact,
    plan_notices,
    queue_notices,
    send_due,
    set_delivery_hours,
    set_preference,
)
from apps.notifications.services.sending.claiming import LEASE, claim, free_lost
from tests.factories import UserFactory
from tests.notifications.conftest import charges, due_now, states
from tests.notifications.loopback import Answer


def take(most: int = 100, **options) -> list[int]:
    return [one.delivery_id for one in claim(most, worker="me", now=timezone.now(), **options)]


def test_one_of_a_lane_at_a_time(user, endpoint, tell):
    tell(data={"title": "one"})
    tell(data={"title": "two"})
    first, second = Delivery.objects.filter(channel="inbox").order_by("id")
    taken = take()
    assert first.pk in taken
    assert second.pk not in taken
    Delivery.objects.filter(pk=first.pk).update(status="delivered", ended_at=timezone.now())
    assert second.pk in take()


@pytest.mark.parametrize(("backs_off_s", "holds_up"), [(30, True), (90, False)])
def test_a_retry_soon_holds_up_its_lane_and_a_late_one_does_not(backs_off_s, holds_up, user, tell):
    tell(channels=())
    tell(channels=())
    first, second = Delivery.objects.order_by("id")
    Delivery.objects.filter(pk=first.pk).update(
        attempts=1, send_after=timezone.now() + timedelta(seconds=backs_off_s)
    )
    assert (second.pk in take()) is not holds_up


def test_what_is_urgent_goes_first(user, tell):
    tell(person_id=user.pk)
    stranger = UserFactory()
    tell(person_id=stranger.pk, urgency=Urgency.HIGH)
    assert set(take(urgency=Urgency.HIGH)) == set(
        Delivery.objects.filter(person=stranger).values_list("pk", flat=True)
    )


def test_channels_that_are_shut_are_left_alone(user, tell):
    tell(channels=("email",))
    assert take(shut=["inbox", "email"]) == []


def test_a_dead_workers_deliveries_come_back_after_the_lease(user, tell):
    tell(channels=())
    before = timezone.now()
    assert len(take()) == 1
    now = timezone.now()
    assert free_lost(before + LEASE - timedelta(seconds=1)) == 0
    assert free_lost(now + LEASE + timedelta(seconds=1)) == 1
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.is_doubtful) == ("waiting", True)
    assert Attempt.objects.get().outcome == "lost"
    delivery.send_after = now
    delivery.save()
    send_due(linger_s=0)
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == ["lost", "delivered"]


def test_a_late_worker_does_not_undo_what_another_has_begun(user, provider, endpoint, tell):
    """The first worker's answer comes after its lease: it is noted as its attempt's, and the delivery is the second's."""
    from apps.notifications.choices import DeliveryStatus, Outcome
    from apps.notifications.services.sending.claiming import Claim
    from apps.notifications.services.sending.outcomes import Tried, write

    tell(channels=("webhook",))
    now = timezone.now()
    (mine,) = [
        one
        for one in claim(9, worker="slow", now=now)
        if Delivery.objects.get(pk=one.delivery_id).channel == "webhook"
    ]
    free_lost(now + 2 * LEASE)
    Delivery.objects.update(send_after=now)
    (again,) = claim(9, worker="quick", now=now, shut=["inbox"])
    late = Tried(
        Claim(mine.delivery_id, mine.number),
        DeliveryStatus.FAILED,
        Outcome.REFUSED,
        "webhook",
        "webhook",
        1,
        now,
        now,
    )
    write([late], now=now)
    delivery = Delivery.objects.get(pk=mine.delivery_id)
    assert (delivery.status, delivery.worker, delivery.attempts) == ("sending", "quick", again.number)


def test_a_dry_run_sends_nothing_but_the_inbox(user, provider, endpoint, tell, settings, mailoutbox):
    settings.NOTIFICATIONS_LIVE = False
    tell()
    send_due(linger_s=0)
    assert states() == {"inbox": "delivered", "email": "dry_run", "webhook": "dry_run"}
    assert provider.requests == []
    assert mailoutbox == []


@pytest.mark.parametrize(
    ("why", "change", "status", "error"),
    [
        ("muted", lambda user, notice: set_preference(user, event=notice.event, channel="webhook", mode="off", actor=user), "cancelled", "switched off"),
        ("acknowledged", lambda user, notice: Notice.objects.update(acknowledged_at=timezone.now()), "cancelled", "acknowledged"),
        ("too late", lambda user, notice: Notice.objects.update(deadline_at=timezone.now()), "failed", "deadline"),
        ("contact off", lambda user, notice: Contact.objects.update(verified_at=None), "cancelled", "contact"),
        ("suspended", lambda user, notice: type(user).objects.update(is_active=False), "cancelled", "account"),
    ],
)  # fmt: skip
def test_it_is_asked_again_when_its_time_has_come(why, change, status, error, user, provider, endpoint, tell):
    notice = tell()
    change(user, notice)
    send_due(linger_s=0)
    delivery = Delivery.objects.get(channel="webhook")
    assert provider.requests == []
    assert delivery.status == status
    assert error in delivery.error
    assert (delivery.attempts, delivery.trace.count()) == (0, 0), "nothing was tried"


def test_quiet_hours_that_began_meanwhile_hold_it_back(user, tell, mailoutbox):
    tell(channels=("email",))
    now = timezone.now()
    begin, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=2)).time()
    set_delivery_hours(user, {"quiet_from": begin, "quiet_until": end}, actor=user)
    send_due(linger_s=0)
    delivery = Delivery.objects.get(channel="email")
    assert mailoutbox == []
    assert delivery.status == "waiting"
    assert abs(delivery.send_after - (now + timedelta(hours=2))) < timedelta(minutes=1)
    assert states()["inbox"] == "delivered"


def test_a_required_event_comes_through_everything(user, tell, mailoutbox):
    user.timezone = "Europe/Berlin"
    user.save()
    set_delivery_hours(user, {"quiet_from": time(0), "quiet_until": time(23, 59, 59)}, actor=user)
    tell("tests.house.burns")
    send_due(linger_s=0)
    assert len(mailoutbox) == 1
    assert "List-Unsubscribe" not in mailoutbox[0].extra_headers


def test_an_event_is_told_once_per_key(user):
    new = NewNotice(user.pk, "tests.bell.rung", "once", {"title": "x"})
    assert [queue_notices([new, new]), queue_notices([new])] == [1, 0]
    assert Notice.objects.count() == 1


def test_the_number_of_statements_does_not_grow(user, django_assert_num_queries):
    people = [user, *UserFactory.create_batch(20)]
    for person in people:
        add_webhook(person, url=f"https://hooks.example.com/{person.pk}", actor=person)

    def notices(number: int, run: int) -> list[NewNotice]:
        return [
            NewNotice(person.pk, "tests.bell.rung", f"{run}:{person.pk}", {"title": "x"})
            for person in people[:number]
        ]

    for run, number in enumerate((1, 21)):
        planned = notices(number, run)
        with django_assert_num_queries(
            7
        ):  # people, preferences, contacts, wishes of arrival, the insert; a savepoint and its end
            queue_notices(planned)


# Ladders


def ladder(user, until: str, *channels: str) -> Ladder:
    return Ladder.objects.create(
        person=user,
        name=until,
        until=until,
        steps=[{"channel": kind, "wait_s": 60 * number} for number, kind in enumerate(channels)],
    )


def test_a_ladder_goes_on_until_somebody_acknowledges(user, provider, endpoint, tell, mailoutbox):
    notice = tell(ladder_id=ladder(user, Until.ACKNOWLEDGED, "webhook", "email").pk)
    send_due(linger_s=0)
    assert states() == {"inbox": "delivered", "webhook": "delivered", "email": "waiting"}
    waits = Delivery.objects.get(channel="email").send_after - timezone.now()
    assert timedelta(seconds=55) < waits < timedelta(seconds=61)
    assert acknowledge(notice, way="page")
    assert not acknowledge(notice, way="page")
    due_now()
    send_due(linger_s=0)
    assert states()["email"] == "cancelled"
    assert mailoutbox == []


def test_a_failed_step_does_not_let_the_next_one_wait(user, provider, endpoint, tell, mailoutbox):
    provider.answer = lambda request: Answer(410)
    tell(ladder_id=ladder(user, Until.ACKNOWLEDGED, "webhook", "email").pk)
    send_due(linger_s=0)
    assert states() == {"inbox": "delivered", "webhook": "failed", "email": "delivered"}


def test_a_ladder_until_delivered_stops_at_the_first_that_arrives(user, provider, endpoint, tell, mailoutbox):
    tell(ladder_id=ladder(user, Until.DELIVERED, "webhook", "email").pk)
    send_due(linger_s=0)
    assert states() == {"inbox": "delivered", "webhook": "delivered", "email": "cancelled"}


# Digests


def test_a_digest_is_one_mail_of_all_that_waited(user, tell, mailoutbox):
    set_preference(user, event="tests.bell.rung", channel="email", mode=Mode.DIGEST, actor=user)
    for number in range(3):
        tell(data={"title": f"Bell {number}"}, channels=("email",))
    send_due(linger_s=0)
    assert mailoutbox == []
    due_now()
    send_due(linger_s=0)
    (mail,) = mailoutbox
    assert mail.subject == "3 notices of the last day"
    assert [f"Bell {number}" in mail.body for number in range(3)] == [True] * 3
    assert set(Delivery.objects.filter(channel="email").values_list("status", flat=True)) == {"delivered"}
    assert Notice.objects.filter(in_inbox=True).count() == 3, "the digest itself is not in the inbox"


# Charges


def test_what_was_delivered_is_charged_once_when_all_has_ended(user, provider, endpoint, tell, mailoutbox):
    provider.answer = lambda request: Answer(500)
    (planned,) = plan_notices(
        [NewNotice(user.pk, "tests.bell.rung", "k", {"title": "x"}, charge_key="hold-1")]
    )
    assert planned.cost == 2  # an e-mail and a webhook
    tell(charge_key="hold-1")
    send_due(linger_s=0)
    assert charges() == [], "the webhook is to be tried again"
    provider.answer = lambda request: Answer(410)
    due_now()
    send_due(linger_s=0)
    assert charges() == [("hold-1", 1)]
    assert charges() == []


def test_a_contact_that_is_switched_off_ends_what_waits_for_it(user, provider, endpoint, tell):
    tell(channels=("webhook",))
    assert disable_contact(endpoint[0], why="person", actor=user)
    assert states()["webhook"] == "cancelled"
    assert (
        plan_notices([NewNotice(user.pk, "tests.bell.rung", "k", {"title": "x"}, channels=("webhook",))])[
            0
        ].cost
        == 0
    )


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_different_deliveries(transactional_db):
    """While one worker's claim is not committed yet, another takes the rest, and does not wait."""
    for person in UserFactory.create_batch(6):
        queue_notices([NewNotice(person.pk, "tests.bell.rung", str(person.pk), {"title": "x"}, channels=())])
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        mine = take(2)
        theirs = pool.submit(take_and_close).result(timeout=20)
    assert (len(mine), len(theirs)) == (2, 4)
    assert not set(mine) & set(theirs)


def take_and_close() -> list[int]:
    try:
        return take()
    finally:
        connection.close()
