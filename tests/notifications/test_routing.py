"""The cheapest channels that arrive in time: the choice, what it is measured by, budgets, and what follows a failure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.notifications.choices import Mode
from apps.notifications.errors import NotToBeChosen
from apps.notifications.models import ChannelSpeed, Delivery, Notice
from apps.notifications.rules.routing import BOUNDS, Speed, assumed, route
from apps.notifications.selectors import saved_by_routing
from apps.notifications.services import (
    NewNotice,
    add_contact,
    measure_speeds,
    plan_notices,
    send_due,
    set_arrival_wish,
    set_delivery_hours,
    set_preference,
)
from tests.factories import UserFactory
from tests.notifications.conftest import charges, states
from tests.notifications.loopback import Answer


def share(in_30_s: float) -> Speed:
    """So many of 1,000 arrive in 30 s, all of them in an hour."""
    return Speed(
        1000, tuple(0 if b < 30 else round(in_30_s * 1000) if b < 3600 else 1000 for b in BOUNDS), None, "you"
    )


# By hand: shares within 30 s, costs, what is left of the budget; then what is chosen, why, and what follows a failure.
CASES = [
    (
        "the cheapest of two that are fast",
        {"push": (0.99, 0), "sms": (0.99, 10)},
        None,
        "push",
        "meets",
        "sms",
    ),
    (
        "the fast one, though it costs more",
        {"mail": (0.50, 1), "sms": (0.99, 10)},
        None,
        "sms",
        "meets",
        "mail",
    ),
    # 1 - 0.2 · 0.2 = 0.96: two slow ones together are fast enough, and cheaper than the fast one
    (
        "two together",
        {"chat": (0.80, 1), "mail": (0.80, 1), "sms": (0.99, 10)},
        None,
        "chat mail",
        "meets",
        "sms",
    ),
    # 1 - 0.3 · 0.2 = 0.94 is not
    (
        "two that are not enough",
        {"chat": (0.70, 1), "mail": (0.80, 1), "sms": (0.99, 10)},
        None,
        "sms",
        "meets",
        "mail",
    ),
    ("of two that cost the same, the better one", {"a": (0.95, 1), "b": (0.97, 1)}, None, "b", "meets", "a"),
    ("exactly 95 of 100", {"a": (0.95, 1)}, None, "a", "meets", ""),
    ("none is fast enough: the best set", {"a": (0.10, 1), "b": (0.40, 2)}, None, "a b", "best", ""),
    ("a set of no use is no part of it", {"a": (0.0, 1), "b": (0.40, 2)}, None, "b", "best", "a"),
    ("the budget is just enough", {"mail": (0.5, 1), "sms": (0.99, 10)}, 10, "sms", "meets", ""),
    ("the budget is not enough", {"mail": (0.5, 1), "sms": (0.99, 10)}, 9, "mail", "budget", ""),
    ("only what is free is left", {"push": (0.6, 0), "sms": (0.99, 10)}, 0, "push", "budget", ""),
    ("overdrawn counts as nothing left", {"push": (0.6, 0), "sms": (0.99, 10)}, -5, "push", "budget", ""),
    ("nothing is left and nothing free", {"sms": (0.99, 10)}, 3, "", "budget", ""),
]


@pytest.mark.parametrize(("case", "ways", "left", "chosen", "why", "then"), CASES, ids=[c[0] for c in CASES])
def test_what_is_chosen(case, ways, left, chosen, why, then):
    made = route(
        {name: cost for name, (_, cost) in ways.items()},
        {name: share(fast) for name, (fast, _) in ways.items()},
        30,
        budget_left=left,
    )
    assert made is not None
    assert (" ".join(made.chosen), made.why, made.then) == (chosen, why, then)
    assert made.cost == sum(ways[name][1] for name in made.chosen)
    assert made.saved == sum(cost for _, cost in ways.values()) - made.cost


def test_a_longer_deadline_takes_the_cheaper_channel():
    ways = {"mail": 1, "sms": 10}
    speeds = {"mail": assumed("email"), "sms": assumed("sms")}
    assert route(ways, speeds, 60, budget_left=None).chosen == ("sms",)
    assert route(ways, speeds, 120, budget_left=None).chosen == ("mail",)


def test_nothing_to_choose_from():
    assert route({}, {}, 30, budget_left=None) is None


def deliveries(user, kind: str, seconds: list[float | None]) -> None:
    """So many that ended, each after its seconds; None failed."""
    now = timezone.now()
    for number, took in enumerate(seconds):
        notice = Notice.objects.create(
            person=user,
            event="tests.bell.rung",
            key=f"{user.pk}{kind}{number}",
            data={},
            urgency=2,
            created_at=now,
        )
        Delivery.objects.create(
            notice=notice,
            person=user,
            channel=kind,
            urgency=2,
            status="failed" if took is None else "delivered",
            send_after=now,
            due_at=now,
            created_at=now,
            ended_at=now + timedelta(seconds=took or 0),
        )


def test_what_is_measured(user):
    """20 deliveries: 12 in 3 s, 5 in 20 s, 2 in 200 s, one never. The 19th of 20 is the 95th percentile."""
    deliveries(user, "email", [3.0] * 12 + [20.0] * 5 + [200.0] * 2 + [None])
    deliveries(other := UserFactory(), "email", [1.0] * 20)
    deliveries(user, "sms", [None] * 2 + [2.0] * 18)
    deliveries(user, "inbox", [0.1])
    measure_speeds()
    rows = {(row.person_id, row.channel): row for row in ChannelSpeed.objects.all()}
    assert rows.keys() == {
        (user.pk, "email"),
        (other.pk, "email"),
        (None, "email"),
        (user.pk, "sms"),
        (None, "sms"),
    }
    mine = rows[user.pk, "email"]
    #                                  5   10  30  60  120 300 900 1h  4h
    assert (mine.deliveries, mine.within) == (20, [12, 12, 17, 17, 17, 19, 19, 19, 19])
    assert mine.p95_s == pytest.approx(200)
    assert rows[None, "email"].within[0] == 32
    assert rows[user.pk, "sms"].p95_s is None, "fewer than 95 of 100 arrived at all"
    Delivery.objects.filter(channel="sms").delete()
    measure_speeds()
    assert not ChannelSpeed.objects.filter(channel="sms").exists()


@pytest.fixture
def chats(user, provider, settings):
    """Telegram (1 credit) and SMS (10 a part, two at most) beside the account's e-mail (1)."""
    settings.TELEGRAM_API_URL, settings.TELEGRAM_BOT_TOKEN = provider.url, "42:secret"
    settings.TWILIO_API_URL = provider.url
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = (
        "AC" + "1" * 32,
        "t",
        "+15550001",
    )
    provider.answer = lambda request: Answer(200, {"ok": True, "result": {"message_id": 7}})
    add_contact(user, channel="telegram", target="1234", actor=user, is_verified=True)
    add_contact(user, channel="sms", target="+4915123456789", actor=user, is_verified=True)


ALL = ("email", "telegram", "sms")


def test_the_notice_keeps_how_it_was_chosen_and_one_channel_is_used(
    user, chats, provider, tell, mailoutbox, web
):
    notice = tell(channels=ALL, within_s=30)
    assert notice.routing["chosen"] == ["telegram"]
    assert notice.routing["why"] == "meets"
    assert (notice.routing["cost"], notice.saved) == (1, 21), "SMS holds two parts of 10, the mail 1"
    assert {one["of"] for one in notice.routing["considered"]} == {"assumed"}
    send_due(linger_s=0)
    assert states() == {"inbox": "delivered", "telegram": "delivered", "sms": "cancelled"}
    assert (len(provider.requests), mailoutbox) == (1, [])
    page = web.get(f"/inbox/{notice.uuid}/").content.decode()
    assert "Sent by Telegram: the cheapest that arrives in time in 97 of 100 cases." in page
    assert "21 less than by all channels" in page
    assert saved_by_routing(user) == 21
    assert "saved 21 credits this month" in web.get("/settings/contacts/").content.decode()


def test_when_it_fails_the_next_best_follows_at_once(user, chats, provider, tell):
    provider.answer = lambda request: (
        Answer(400, {"ok": False, "description": "Bad Request: chat is odd"})
        if "/bot" in request.path
        else Answer(201, {"sid": "SM1", "num_segments": "1", "price": None})
    )
    tell(channels=ALL, within_s=30, charge_key="hold")
    send_due(linger_s=0)
    send_due(linger_s=0)
    assert states() == {"inbox": "delivered", "telegram": "failed", "sms": "delivered"}
    assert charges() == [("hold", 10)]


def test_when_it_is_late_the_next_best_goes_out_at_the_deadline(user, chats, provider, tell):
    provider.answer = lambda request: Answer(500)
    notice = tell(channels=ALL, within_s=30)
    waiting = Delivery.objects.get(channel="sms")
    assert (waiting.send_after - notice.created_at).total_seconds() == pytest.approx(30, abs=10)


def test_the_persons_own_measure_counts_before_everybodys(user, chats, tell):
    now = timezone.now()
    slow = [0] * len(BOUNDS)
    fast = [100] * len(BOUNDS)
    for person, within, number in ((user, slow, 20), (None, fast, 100)):
        ChannelSpeed.objects.create(
            person=person, channel="telegram", deliveries=number, within=within, measured_at=now
        )
    assert tell(channels=ALL, within_s=60, key="a").routing["chosen"] == ["sms"]
    ChannelSpeed.objects.filter(person=user).update(deliveries=19)  # too few to say anything
    routing = tell(channels=ALL, within_s=60, key="b").routing
    assert routing["chosen"] == ["telegram"]
    assert next(one for one in routing["considered"] if one["channel"] == "telegram")["of"] == "everybody"


def test_the_budget_of_the_month_counts_within_a_batch_and_forgets_the_last_month(user, chats):
    set_delivery_hours(user, {"monthly_budget": 3}, actor=user)

    def plan(number: int) -> list[str]:
        notices = [
            NewNotice(user.pk, "tests.bell.rung", f"k{one}", {"title": "x"}, channels=ALL, within_s=30)
            for one in range(number)
        ]
        return [" ".join(made.routing.chosen) for made in plan_notices(notices)]

    # each takes Telegram, and e-mail in reserve: 2 credits
    assert plan(2) == ["telegram", "telegram"]
    assert plan(3)[2] == ""
    deliveries(user, "email", [1.0])
    Delivery.objects.update(cost=3)
    assert plan(1) == [""]
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=32))
    assert plan(1) == ["telegram"]


def test_programs_digests_and_required_events_are_no_part_of_the_choice(user, chats, endpoint, tell):
    set_preference(user, event="tests.bell.rung", channel="email", mode=Mode.DIGEST, actor=user)
    set_arrival_wish(user, event="tests.bell.rung", within_s=30, actor=user)
    for kind in ("telegram", "sms"):
        set_preference(user, event="tests.bell.rung", channel=kind, mode=Mode.NOW, actor=user)
    notice = tell()
    assert notice.routing["chosen"] == ["telegram"]
    assert set(states()) == {"inbox", "email", "telegram", "sms", "webhook"}
    assert tell("tests.house.burns").routing is None
    with pytest.raises(NotToBeChosen):
        set_arrival_wish(user, event="tests.house.burns", within_s=30, actor=user)
    with pytest.raises(NotToBeChosen):
        set_arrival_wish(user, event="tests.bell.rung", within_s=31, actor=user)
    set_arrival_wish(user, event="tests.bell.rung", within_s=None, actor=user)
    assert tell().routing is None


def test_statements_do_not_grow_with_people(user, chats, django_assert_num_queries):
    people = [user, *UserFactory.create_batch(8)]
    for person in people:
        set_delivery_hours(person, {"monthly_budget": 50}, actor=person)

    def notices(number: int) -> list[NewNotice]:
        return [
            NewNotice(one.pk, "tests.bell.rung", f"n{one.pk}", {"title": "x"}, within_s=30)
            for one in people[:number]
        ]

    for number in (1, 9):
        with django_assert_num_queries(6):  # people, wishes twice, contacts, speeds, what is spent
            plan_notices(notices(number))


def test_it_is_chosen_on_the_page(user, web):
    page = {"tests.bell.rung:within": "60"}
    assert web.post("/settings/notifications/", page).status_code == 302
    shown = web.get("/settings/notifications/").content.decode()
    assert '<option value="60" selected>cheapest in 1 min</option>' in shown
    hours = {"digest_at": "08:00", "breaks_through": "4", "monthly_budget": "25"}
    assert web.post("/settings/notifications/hours/", hours).status_code == 302
    assert 'value="25"' in web.get("/settings/notifications/").content.decode()
    web.post("/settings/notifications/", {"tests.bell.rung:within": "61"})
    web.post("/settings/notifications/", {"tests.bell.rung:within": ""})
    assert "selected>cheapest" not in web.get("/settings/notifications/").content.decode()


def test_it_is_chosen_by_the_api(api, user):
    wish = {
        "events": [{"event": "tests.bell.rung", "channels": [], "within_s": 30}],
        "hours": {"monthly_budget": 9},
    }
    answer = api.patch("/api/v1/notification-preferences/", wish, format="json", headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.content
    bell = next(one for one in answer.json()["events"] if one["event"] == "tests.bell.rung")
    assert (bell["within_s"], answer.json()["hours"]["monthly_budget"]) == (30, 9)
    wrong = {"events": [{"event": "tests.bell.rung", "channels": [], "within_s": 31}]}
    assert (
        api.patch(
            "/api/v1/notification-preferences/", wrong, format="json", headers={"If-Match": "*"}
        ).status_code
        == 400
    )
