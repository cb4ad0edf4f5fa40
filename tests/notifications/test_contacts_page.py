"""Every channel on the contacts page, each with its own way to add it; what goes there, and how much of it."""

from __future__ import annotations

import re

import pytest

from apps.notifications.channels.push_web.encryption import new_private_key
from apps.notifications.channels.registry import CHANNELS, channel_of
from apps.notifications.models import Contact, Delivery, Notice
from apps.notifications.services import add_contact, change_contact, send_due, set_preference
from apps.notifications.services.sending.loading import message_of
from apps.notifications.services.telegram import take_telegram_update
from tests.notifications.conftest import states
from tests.notifications.loopback import Answer

HX = {"HX-Request": "true"}


def way(page: str, kind: str) -> str:
    """The list item of a channel."""
    return re.search(rf'<li class="way" data-channel="{kind}".*?</li>', page, re.S)[0]


def test_each_channel_has_its_own_way_or_says_that_it_is_not_set_up(web, user, settings):
    page = web.get("/settings/contacts/").content.decode()
    for kind in ("sms", "push_web", "push_onesignal", "telegram"):
        assert "not set up here" in way(page, kind)
        assert "TWILIO" not in page, "the names of settings are for staff"
    for kind, words in (
        ("email", "E-mail address"),
        ("slack", "Address of an incoming webhook"),
        ("discord", "Address of a webhook"),
        ("apprise", "Apprise address"),
    ):
        assert words in way(page, kind)
        assert f'name="channel" value="{kind}"' in way(page, kind)
    assert 'data-channel="webhook"' not in page
    assert 'data-channel="inbox"' not in page
    user.is_staff = True
    user.save()
    page = web.get("/settings/contacts/").content.decode()
    assert "TWILIO_ACCOUNT_SID" in way(page, "sms")
    assert "VAPID_PRIVATE_KEY" in way(page, "push_web")


def test_channels_that_are_set_up(web, settings):
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = (
        "AC" + "1" * 32,
        "t",
        "+15550001",
    )
    settings.VAPID_PRIVATE_KEY = new_private_key()
    settings.TELEGRAM_BOT_TOKEN, settings.TELEGRAM_BOT_NAME = "42:secret", "candle_bot"
    settings.ONESIGNAL_APP_ID, settings.ONESIGNAL_API_KEY = "app", "key"
    page = web.get("/settings/contacts/").content.decode()
    assert "Phone number" in way(page, "sms")
    assert "10 credits a part" in way(page, "sms")
    assert "data-push=" in way(page, "push_web")
    assert "free" in way(page, "push_web")
    assert "Link a chat" in way(page, "telegram")
    assert "Subscription id" in way(page, "push_onesignal")


def test_an_address_that_is_wrong_stays_in_its_form(web):
    answer = web.post("/settings/contacts/", {"channel": "slack", "target": "https://evil.example.com/x"})
    assert answer.status_code == 422
    item = way(answer.content.decode(), "slack")
    assert "<details open>" in item
    assert "Give the address of an incoming webhook" in item
    assert "https://evil.example.com/x" in item
    assert "<details open>" not in way(answer.content.decode(), "discord")


@pytest.mark.parametrize("kind", ["push_web", "telegram", "webhook", "inbox", "sms", "pigeon", ""])
def test_what_is_not_typed_here(web, kind):
    answer = web.post("/settings/contacts/", {"channel": kind, "target": "x"})
    assert answer.status_code == 422
    assert "No contact of this channel can be typed in here" in answer.content.decode()
    assert not Contact.objects.exists()


def test_a_slack_channel_is_confirmed_by_the_code_that_is_posted_there(web, user, provider):
    answer = web.post("/settings/contacts/", {"channel": "slack", "target": f"{provider.url}/services/T/B/x"})
    assert answer.status_code == 302
    provider.answer = lambda request: Answer(200, b"ok")
    send_due(linger_s=0)
    code = re.search(r"\b(\d{6})\b", provider.requests[0].body.decode())[1]
    assert web.post(answer["Location"], {"code": code}).status_code == 302
    assert Contact.objects.get().is_usable


def test_telegram_is_linked_from_the_page(web, user, settings):
    assert web.post("/settings/contacts/telegram/").status_code == 302
    assert "This installation has no Telegram bot." in web.get("/settings/contacts/").content.decode()
    settings.TELEGRAM_BOT_TOKEN, settings.TELEGRAM_BOT_NAME = "42:secret", "candle_bot"
    path = web.post("/settings/contacts/telegram/")["Location"]
    page = web.get(path).content.decode()
    code = re.search(r"https://t\.me/candle_bot\?start=([\w-]+)", page)[1]
    assert f"https://t.me/candle_bot?startgroup={code}" in page
    assert "<svg" in page
    assert code not in (again := web.get(path).content.decode()), "shown once"
    assert "Make a new link" in again
    waiting = web.get(path + "?linked", headers=HX)
    assert (waiting.status_code, "HX-Refresh" in waiting.headers) == (204, False)
    take_telegram_update({"message": {"text": f"/start {code}", "chat": {"id": 77, "type": "private"}}})
    assert web.get(path + "?linked", headers=HX)["HX-Refresh"] == "true"
    assert "In use" in web.get(path).content.decode()
    # the same chat once more: the contact that waited is gone, the known one is in use
    path = web.post("/settings/contacts/telegram/")["Location"]
    code = re.search(r"\?start=([\w-]+)", web.get(path).content.decode())[1]
    take_telegram_update({"message": {"text": f"/start {code}", "chat": {"id": 77, "type": "private"}}})
    assert web.get(path + "?linked", headers=HX)["HX-Redirect"] == "/settings/contacts/"


@pytest.fixture
def desk(user) -> Contact:
    return add_contact(user, channel="email", target="desk@example.com", actor=user, is_verified=True)


def test_a_contact_takes_the_events_that_it_lists(web, user, desk, tell):
    path = f"/settings/contacts/{desk.uuid}/options/"
    assert web.post(path, {"events": ["tests.door.opened"]}).status_code == 302
    tell("tests.bell.rung")
    tell("tests.door.opened")
    assert list(Delivery.objects.filter(contact=desk).values_list("notice__event", flat=True)) == [
        "tests.door.opened"
    ]
    assert web.post(path, {"events": ["tests.nothing"]}).status_code == 422
    web.post(path, {})
    tell("tests.bell.rung")
    assert Delivery.objects.filter(contact=desk).count() == 2


def test_all_that_went_to_a_contact_is_a_list(web, user, desk, tell):
    change_contact(desk, actor=user, events=["tests.bell.rung", "tests.door.opened"])
    tell("tests.bell.rung")
    tell("tests.door.opened")
    path = f"/settings/contacts/{desk.uuid}/"
    door = Delivery.objects.get(contact=desk, notice__event="tests.door.opened")
    for asked in ({"event": "tests.door.opened"}, {"q": f"msg_{door.uuid}"}):
        assert web.get(path, asked).context["list"].rows == [door], asked
    assert web.get(path, {"status": "failed"}).context["list"].rows == []
    swapped = web.get(path, {"sort": "new"}, headers=HX)  # as the list itself asks
    assert [row.notice.event for row in swapped.context["list"].rows] == [
        "tests.bell.rung",
        "tests.door.opened",
    ]


def test_behind_the_log_in(web, user, desk, tell, mailoutbox):
    web.post(f"/settings/contacts/{desk.uuid}/options/", {"discreet": "on"})
    notice = tell(
        data={"title": "Buy BTCUSDT", "text": "at 45,000", "facts": [["Price", "45000"]], "url": "/signals/"}
    )
    send_due(linger_s=0)
    (mail,) = mailoutbox
    whole = mail.message().as_string()
    assert mail.subject == "There is something new in your inbox"
    assert f"/inbox/{notice.uuid}/" in mail.body
    for hidden in ("BTCUSDT", "45,000", "45000", "/signals/"):
        assert hidden not in whole
    assert "X-Event" not in whole
    assert "Buy BTCUSDT" in web.get(f"/inbox/{notice.uuid}/").content.decode()


def test_what_is_behind_the_log_in_is_always_in_the_inbox(user, desk, tell):
    """Also where the person wants nothing of the event in the inbox."""
    set_preference(user, event="tests.bell.rung", channel="inbox", mode="off", actor=user)
    change_contact(desk, actor=user, discreet=True)
    assert tell("tests.bell.rung").in_inbox
    change_contact(desk, actor=user, discreet=False)
    assert not tell("tests.bell.rung").in_inbox
    assert "inbox" not in states()


def test_a_code_is_not_hidden(user, web, desk, mailoutbox):
    Contact.objects.update(verified_at=None, options={"discreet": True})
    web.post(f"/settings/contacts/{desk.uuid}/code/")
    send_due(linger_s=0)
    assert re.search(r"\d{6} is your", mailoutbox[0].subject)


def test_every_event_can_be_seen_on_every_channel(web, user, tell):
    page = web.get("/settings/notifications/preview/").content.decode()
    for words in ("E-mail", "SMS", "Telegram", "Slack", "Discord", "Webhook", "Browser"):
        assert f"<h2>{words}" in page
    assert 'srcdoc="&lt;!doctype html' in page
    tell("tests.door.opened", data={"title": "The <b>back</b> door"}, channels=())
    page = web.get("/settings/notifications/preview/?event=tests.door.opened").content.decode()
    assert "The &amp;lt;b&amp;gt;back" in page, "escaped in the mail, and once more as the frame's attribute"
    assert web.get("/settings/notifications/preview/?event=none").status_code == 200
    assert Notice.objects.count() == 1
    assert not Delivery.objects.exclude(channel="inbox").exists()


@pytest.mark.parametrize("kind", [kind for kind in CHANNELS if kind != "inbox"])
def test_no_channel_says_what_is_behind_the_log_in(kind, user, tell):
    """Neither in its text nor in anything else that leaves the house."""
    notice = tell(data={"title": "Buy BTCUSDT", "text": "at 45,000", "url": "/signals/"}, channels=())
    contact = Contact(person=user, channel=kind, options={"discreet": True})
    delivery = Delivery(notice=notice, person=user, contact=contact, channel=kind, urgency=2)
    made = channel_of(kind).render(message_of(delivery))
    whole = f"{made.subject} {made.text} {made.html} {dict(made.payload)}"
    assert str(notice.uuid) in whole
    for hidden in ("BTCUSDT", "45,000", "/signals/", "tests.bell.rung"):
        if hidden == "tests.bell.rung" and kind == "email":  # the link by which one unsubscribes names it
            continue
        assert hidden not in whole
