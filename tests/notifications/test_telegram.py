"""Telegram at a server that speaks the Bot API: messages, limits, linking."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from datetime import timedelta
from html import unescape
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.notifications.channels.registry import channel_of
from apps.notifications.errors import BadTarget
from apps.notifications.models import Attempt, Contact, Delivery
from apps.notifications.services import add_contact
from apps.notifications.services.sending import send_due
from apps.notifications.services.telegram import start_telegram_link, take_telegram_update
from tests.factories import UserFactory
from tests.notifications.conftest import due_now, states
from tests.notifications.loopback import Answer, Loopback, Request

TOKEN = "42:the-secret-of-the-bot"
CHAT = "123456789"


class Telegram(Loopback):
    """The Bot API with its limit of one message a second for a chat."""

    def __init__(self) -> None:
        super().__init__(self.take)
        self.said: list[dict] = []
        self.updates: list[dict] = []
        self.next: list[Answer] = []
        self.floods = 0
        self._last: dict[int, float] = defaultdict(float)

    def take(self, request: Request) -> Answer:
        method = request.path.removeprefix(f"/bot{TOKEN}/")
        if method == request.path:
            return refusal(401, "Unauthorized")
        if method == "getUpdates":
            self.updates = [one for one in self.updates if one["update_id"] >= request.json["offset"]]
            return Answer(200, {"ok": True, "result": self.updates})
        if method != "sendMessage":
            return Answer(200, {"ok": True, "result": True})
        if self.next:
            return self.next.pop(0)
        now, chat = time.monotonic(), request.json["chat_id"]
        if now - self._last[chat] < 0.2:  # a message may reach us later than it left
            self.floods += 1
            return refusal(429, "Too Many Requests: retry after 1", retry_after=1)
        self._last[chat] = now
        self.said.append(request.json)
        return Answer(200, {"ok": True, "result": {"message_id": len(self.said), "chat": {"id": chat}}})


def refusal(status: int, description: str, **parameters) -> Answer:
    body = {"ok": False, "error_code": status, "description": description}
    return Answer(status, {**body, "parameters": parameters} if parameters else body)


@pytest.fixture
def telegram(settings):
    with Telegram() as server:
        settings.TELEGRAM_API_URL, settings.TELEGRAM_BOT_TOKEN = server.url, TOKEN
        settings.TELEGRAM_BOT_NAME, settings.TELEGRAM_WEBHOOK_SECRET = "candlewright_bot", "hook-secret"
        yield server


@pytest.fixture
def chat(user) -> Contact:
    return add_contact(user, channel="telegram", target=CHAT, actor=user, is_verified=True)


def test_the_request_is_the_bot_apis(user, telegram, chat, tell, settings):
    data = {
        "title": "Buy <BTC> & co",
        "text": "at 45,000 < 46,000",
        "facts": [["Stop", "44,100"]],
        "url": "/signals/",
        "url_words": "See the signal",
    }
    tell(channels=("telegram",), data=data)
    send_due(linger_s=0)
    (request,) = telegram.requests
    assert (request.method, request.path) == ("POST", f"/bot{TOKEN}/sendMessage")
    assert request.json == {
        "chat_id": int(CHAT),
        "text": "<b>Buy &lt;BTC&gt; &amp; co</b>\n\nat 45,000 &lt; 46,000\n\nStop: <code>44,100</code>",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {
            "inline_keyboard": [[{"text": "See the signal", "url": f"{settings.SITE_URL}/signals/"}]]
        },
    }
    delivery = Delivery.objects.get(channel="telegram")
    assert (delivery.status, delivery.provider_id) == ("delivered", "1")


def test_nothing_is_longer_than_telegram_takes(telegram, chat, tell):
    facts = [["n" * 300, "&" * 500]] * 30
    tell(channels=("telegram",), data={"title": "t" * 900, "text": "<" * 9000, "facts": facts})
    send_due(linger_s=0)
    (request,) = telegram.requests
    seen = unescape(re.sub(r"<[^>]*>", "", request.json["text"]))
    assert len(seen) <= 4096
    assert "…" in seen or len(seen) > 3000


def test_one_message_a_second_for_a_chat(telegram, chat, tell):
    for number in range(3):
        tell(channels=("telegram",), data={"title": f"{number}"})
    began = time.monotonic()
    send_due(linger_s=4)
    assert [said["text"] for said in telegram.said] == ["<b>0</b>", "<b>1</b>", "<b>2</b>"]
    assert telegram.floods == 0
    assert time.monotonic() - began >= 1.9


def test_the_windows_of_groups_and_of_all(user):
    channel = channel_of("telegram")
    person = channel.paces("telegram", _to("5"))
    group = channel.paces("telegram", _to("-1005"))
    assert [(pace.name, pace.limit, pace.per_s) for pace in person] == [
        ("telegram:all", 30, 1.0),
        ("telegram:chat:5", 1, 1.0),
    ]
    assert [(pace.name, pace.limit, pace.per_s) for pace in group][2:] == [("telegram:group:-1005", 20, 60.0)]


def _to(chat: str):
    from apps.notifications.channels.base import Recipient

    return Recipient(1, 1, chat)


def test_retry_after_is_obeyed(telegram, chat, tell):
    telegram.next = [refusal(429, "Too Many Requests: retry after 37", retry_after=37)]
    tell(channels=("telegram",))
    before = timezone.now()
    send_due(linger_s=0)
    after = timezone.now()
    delivery = Delivery.objects.get(channel="telegram")
    assert delivery.status == "waiting"
    assert before + timedelta(seconds=37) <= delivery.send_after <= after + timedelta(seconds=40)
    due_now()
    send_due(linger_s=0)
    assert states()["telegram"] == "delivered"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Forbidden: bot was blocked by the user"),
        (403, "Forbidden: user is deactivated"),
        (403, "Forbidden: bot was kicked from the supergroup chat"),
        (400, "Bad Request: chat not found"),
    ],
)
def test_who_shut_us_out_is_switched_off(telegram, chat, tell, status, words):
    telegram.next = [refusal(status, words)]
    tell(channels=("telegram",))
    send_due(linger_s=0)
    chat.refresh_from_db()
    assert (states()["telegram"], chat.disabled_for) == ("failed", "gone")


def test_what_is_our_mistake_is_not_repeated(telegram, chat, tell):
    telegram.next = [refusal(400, "Bad Request: can't parse entities")]
    tell(channels=("telegram",))
    send_due(linger_s=0)
    chat.refresh_from_db()
    assert (states()["telegram"], chat.disabled_at) == ("failed", None)


def test_a_broken_telegram_is_tried_again(telegram, chat, tell):
    telegram.next = [Answer(502, b"<html>502 Bad Gateway</html>")]
    tell(channels=("telegram",))
    send_due(linger_s=0)
    assert states()["telegram"] == "waiting"
    due_now()
    send_due(linger_s=0)
    assert states()["telegram"] == "delivered"


def test_no_answer_stays_unknown(telegram, chat, tell):
    """Nobody can be asked, and a second message would be worse than none."""
    telegram.next = [Answer(hang_up=True)]
    tell(channels=("telegram",))
    send_due(linger_s=0)
    assert states()["telegram"] == "unknown"
    assert not Attempt.objects.filter(error__contains="secret").exists()


def test_a_group_that_became_a_supergroup(user, telegram, tell):
    group = add_contact(user, channel="telegram", target="-4242", actor=user, is_verified=True)
    telegram.next = [
        refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009)
    ]
    tell(channels=("telegram",))
    send_due(linger_s=0)
    assert states()["telegram"] == "delivered"
    assert telegram.said[0]["chat_id"] == -1009
    take_telegram_update(
        {"update_id": 1, "message": {"chat": {"id": -4242, "type": "group"}, "migrate_to_chat_id": -1009}}
    )
    group.refresh_from_db()
    assert group.target.reveal() == "-1009"


# Linking


def written(text: str, chat: int = 99, update: int = 1, **about) -> dict:
    whom = {"id": chat, "type": "private", "first_name": "Ada", **about}
    return {"update_id": update, "message": {"message_id": 1, "date": 1, "chat": whom, "text": text}}


def code_of(link: str) -> str:
    assert re.fullmatch(r"https://t\.me/candlewright_bot\?start=[A-Za-z0-9_-]{1,64}", link)
    return parse_qs(urlsplit(link).query)["start"][0]


def test_a_code_links_the_chat_once(user, telegram, tell):
    code = code_of(start_telegram_link(user)[1])
    assert not Contact.objects.get().is_usable
    assert code not in str(Contact.objects.values().get())
    chat, answer = take_telegram_update(written(f"/start {code}"))
    contact = Contact.objects.get()
    assert (chat, contact.target.reveal(), contact.person, contact.is_usable) == ("99", "99", user, True)
    assert contact.label.startswith("Ada")
    assert answer.startswith("Linked.")
    assert "not valid" in take_telegram_update(written(f"/start {code}", chat=100))[1]
    assert Contact.objects.count() == 1
    tell(channels=("telegram",))
    send_due(linger_s=0)
    assert telegram.said[0]["chat_id"] == 99


def test_an_old_or_wrong_code_links_nothing(user, telegram):
    first = code_of(start_telegram_link(user)[1])
    second = code_of(start_telegram_link(user)[1])
    assert "not valid" in take_telegram_update(written(f"/start {first}"))[1]
    Contact.objects.update(code_expires_at=timezone.now() - timedelta(seconds=1))
    assert "not valid" in take_telegram_update(written(f"/start {second}"))[1]
    assert "not valid" in take_telegram_update(written("/start " + "x" * 32))[1]
    assert not Contact.objects.get().is_usable


def test_the_same_chat_again_and_two_people_in_one_group(user, telegram):
    for person in (user, UserFactory()):
        for _ in range(2):
            code = code_of(start_telegram_link(person)[1])
            take_telegram_update(
                written(f"/start@candlewright_bot {code}", chat=-100, type="group", title="Desk")
            )
    assert Contact.objects.filter(verified_at__isnull=False).count() == 2
    assert Contact.objects.count() == 2


def test_stop_and_blocking(user, telegram):
    take_telegram_update(written(f"/start {code_of(start_telegram_link(user)[1])}"))
    member = {"chat": {"id": 99}, "new_chat_member": {"status": "kicked"}}
    take_telegram_update({"update_id": 3, "my_chat_member": member})
    assert Contact.objects.get().disabled_for == "gone"
    take_telegram_update(written(f"/start {code_of(start_telegram_link(user)[1])}"))
    assert Contact.objects.get().is_usable
    assert "Stopped" in take_telegram_update(written("/stop"))[1]
    assert Contact.objects.get().disabled_for == "removed"
    assert "not linked" in take_telegram_update(written("/stop"))[1]
    assert "not linked" in take_telegram_update(written("/start"))[1]


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"message": 5},
        {"message": {"chat": None}},
        {"message": {"chat": {"id": 1}}},
        {"my_chat_member": {}},
    ],
)
def test_updates_that_say_nothing(db, update):
    assert take_telegram_update(update) is None


def test_the_webhook_wants_its_secret_and_answers_in_its_reply(user, telegram):
    code = code_of(start_telegram_link(user)[1])
    client = Client(enforce_csrf_checks=True)
    sent = {"data": json.dumps(written(f"/start {code}")), "content_type": "application/json"}
    assert client.post("/notifications/telegram/", **sent).status_code == 403
    wrong = {"X-Telegram-Bot-Api-Secret-Token": "hook-secre"}
    assert client.post("/notifications/telegram/", headers=wrong, **sent).status_code == 403
    good = {"X-Telegram-Bot-Api-Secret-Token": "hook-secret"}
    reply = client.post("/notifications/telegram/", headers=good, **sent).json()
    assert (reply["method"], reply["chat_id"]) == ("sendMessage", 99)
    assert Contact.objects.get().is_usable
    broken = client.post("/notifications/telegram/", "{", "application/json", headers=good)
    assert broken.status_code == 400


def test_without_a_secret_the_webhook_is_closed(telegram, settings, db):
    settings.TELEGRAM_WEBHOOK_SECRET = ""
    empty = {"X-Telegram-Bot-Api-Secret-Token": ""}
    assert (
        Client().post("/notifications/telegram/", "{}", "application/json", headers=empty).status_code == 403
    )


def test_the_command_asks_and_confirms(user, telegram):
    telegram.updates = [written(f"/start {code_of(start_telegram_link(user)[1])}", update=7)]
    call_command("telegram_updates", "--once")
    assert Contact.objects.get().is_usable
    assert telegram.said[0]["text"].startswith("Linked.")
    assert telegram.updates == []


def test_the_command_registers_the_webhook(telegram, settings):
    with pytest.raises(CommandError):
        call_command("telegram_updates", "--webhook")
    settings.SITE_URL = "https://app.example.com"
    out = StringIO()
    call_command("telegram_updates", "--webhook", stdout=out)
    assert telegram.requests[-1].json == {
        "url": "https://app.example.com/notifications/telegram/",
        "secret_token": "hook-secret",
        "allowed_updates": ["message", "my_chat_member"],
    }
    assert TOKEN not in out.getvalue()


def test_errors_of_the_command_hold_no_token(telegram, settings):
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError) as caught:
        call_command("telegram_updates", "--once")
    assert "secret" not in str(caught.value)


def test_without_a_bot_there_is_nothing_to_link(user):
    with pytest.raises(BadTarget):
        start_telegram_link(user)
