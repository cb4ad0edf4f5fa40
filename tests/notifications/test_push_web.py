"""Web Push: what a push service receives, and what the browser reads of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import time
from io import StringIO

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.management import call_command
from django.test import Client

from apps.notifications.channels.push_web import encryption
from apps.notifications.errors import BadTarget
from apps.notifications.models import Contact, Delivery
from apps.notifications.services.browsers import add_browser, remove_browser
from apps.notifications.services.sending import send_due
from tests.factories import UserFactory
from tests.notifications.conftest import due_now, states
from tests.notifications.loopback import Answer, Loopback

# RFC 8291, section 5 and appendix A
RFC_TEXT = b"When I grow up, I want to be a watermelon"
RFC_RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RFC_RECEIVER_PUBLIC = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
RFC_SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RFC_SALT = "DGv6ra1nlYgDCS1FRnbzlw"
RFC_AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
    "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


class Browser:
    """A browser with its keys; it decrypts as RFC 8291 and RFC 8188 say, written out step by step."""

    def __init__(self, endpoint: str, private: str = "", auth: bytes = b"0123456789abcdef") -> None:
        self.endpoint, self.auth = endpoint, auth
        if private:
            self.private = ec.derive_private_key(
                int.from_bytes(encryption.unb64(private), "big"), ec.SECP256R1()
            )
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = encryption._point(self.private.public_key())

    @property
    def subscription(self) -> dict:
        keys = {"p256dh": encryption.b64(self.public), "auth": encryption.b64(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> bytes:
        salt, size, length = body[:16], struct.unpack("!L", body[16:20])[0], body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size, "one record only"
        shared = self.private.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        )
        start = _expand(_extract(self.auth, shared), b"WebPush: info\x00" + self.public + sender, 32)
        prk = _extract(salt, start)
        key = _expand(prk, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _expand(prk, b"Content-Encoding: nonce\x00", 12)
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert text.endswith(b"\x02"), "the last record's delimiter"
        return text[:-1]


def _extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.new(salt, secret, hashlib.sha256).digest()


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()[:length]


@pytest.fixture
def vapid(settings, provider) -> Loopback:
    settings.VAPID_PRIVATE_KEY = encryption.new_private_key()
    settings.VAPID_CONTACT = "ops@example.com"
    provider.answer = lambda request: Answer(201, b"", {"Location": f"{provider.url}/m/abc"})
    return provider


@pytest.fixture
def reader(vapid) -> Browser:
    return Browser(f"{vapid.url}/wpush/v2/secret-of-this-browser")


def test_the_standards_example():
    assert Browser("", RFC_RECEIVER, encryption.unb64(RFC_AUTH)).read(encryption.unb64(RFC_BODY)) == RFC_TEXT
    sender = ec.derive_private_key(int.from_bytes(encryption.unb64(RFC_SENDER), "big"), ec.SECP256R1())
    made = encryption.encrypt(
        RFC_TEXT, RFC_RECEIVER_PUBLIC, RFC_AUTH, sender=sender, salt=encryption.unb64(RFC_SALT)
    )
    assert encryption.b64(made) == RFC_BODY


def test_what_the_browser_reads_and_the_service_does_not(user, vapid, reader, tell, settings):
    add_browser(user, reader.subscription)
    tell(
        channels=("push_web",),
        data={"title": "Buy BTCUSDT", "text": "at 45,000", "facts": [["Stop", "44,100"]], "url": "/signals/"},
        urgency=3,
    )
    send_due(linger_s=0)
    (request,) = vapid.requests
    delivery = Delivery.objects.get(channel="push_web")
    topic = base64.urlsafe_b64encode(delivery.uuid.bytes).rstrip(b"=").decode()
    assert (request.method, request.path) == ("POST", "/wpush/v2/secret-of-this-browser")
    assert b"BTCUSDT" not in request.body
    assert len(request.body) <= 4096
    headers = {name: request.headers[name] for name in ("content-encoding", "ttl", "topic", "urgency")}
    assert headers == {"content-encoding": "aes128gcm", "ttl": "14400", "topic": topic, "urgency": "high"}
    assert len(topic) <= 32
    assert json.loads(reader.read(request.body)) == {
        "title": "Buy BTCUSDT",
        "body": "at 45,000\nStop: 44,100",
        "url": f"{settings.SITE_URL}/signals/",
        "stays": True,
        "tag": topic,
    }
    assert delivery.status == "delivered"
    assert delivery.provider_id == "abc"


def test_we_name_ourselves_as_vapid_says(user, vapid, reader, tell):
    add_browser(user, reader.subscription)
    tell(channels=("push_web",))
    send_due(linger_s=0)
    scheme, _, rest = vapid.requests[0].headers["authorization"].partition(" ")
    values = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, values["k"]) == ("vapid", encryption.public_key())
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encryption.unb64(values["k"]))
    claims = jwt.decode(values["t"], point, algorithms=["ES256"], audience=vapid.url)
    assert claims["sub"] == "mailto:ops@example.com"
    assert 0 < claims["exp"] - time.time() <= 86_400


def test_every_message_has_keys_of_its_own(user, vapid, reader, tell):
    add_browser(user, reader.subscription)
    for _ in range(2):
        tell(channels=("push_web",))
        send_due(linger_s=0)
    first, second = (request.body for request in vapid.requests)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_a_long_message_fits(user, vapid, reader, tell):
    add_browser(user, reader.subscription)
    tell(channels=("push_web",), data={"title": "🚀" * 300, "text": "🚀" * 3000, "url": "/x" * 1500})
    send_due(linger_s=0)
    (request,) = vapid.requests
    assert len(request.body) <= 4096
    assert json.loads(reader.read(request.body))["title"].startswith("🚀")


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_switched_off(user, vapid, reader, tell, status):
    contact = add_browser(user, reader.subscription)
    vapid.answer = lambda request: Answer(status, b"push subscription has unsubscribed or expired")
    tell(channels=("push_web",))
    send_due(linger_s=0)
    contact.refresh_from_db()
    assert (states()["push_web"], contact.disabled_for) == ("failed", "gone")
    back = add_browser(user, reader.subscription)
    assert back.pk == contact.pk
    assert Contact.objects.get(pk=back.pk).is_usable


@pytest.mark.parametrize("status", [429, 500, 413, 401])
def test_push_is_not_tried_again(user, vapid, reader, tell, status):
    contact = add_browser(user, reader.subscription)
    vapid.answer = lambda request: Answer(status, b"no", {"Retry-After": "60"})
    tell(channels=("push_web",))
    send_due(linger_s=0)
    due_now()
    send_due(linger_s=0)
    assert len(vapid.requests) == 1
    assert states()["push_web"] == "failed"
    contact.refresh_from_db()
    assert contact.disabled_at is None


def test_after_a_crash_it_goes_out_under_the_same_topic(user, vapid, reader, tell):
    add_browser(user, reader.subscription)
    tell(channels=("push_web",))
    for _ in range(2):
        Delivery.objects.filter(channel="push_web").update(status="waiting", is_doubtful=True, ended_at=None)
        due_now()
        send_due(linger_s=0)
    first, second = vapid.requests
    assert first.headers["topic"] == second.headers["topic"]
    assert json.loads(reader.read(first.body))["tag"] == json.loads(reader.read(second.body))["tag"]


@pytest.mark.parametrize(
    "change",
    [
        {"keys": {}},
        {"keys": {"p256dh": RFC_RECEIVER_PUBLIC[:-4], "auth": RFC_AUTH}},
        {"keys": {"p256dh": RFC_RECEIVER_PUBLIC, "auth": "AAAA"}},
        {"keys": {"p256dh": 5, "auth": None}},
        {"endpoint": "http://push.example.com/x"},
        {"endpoint": "https://169.254.169.254/latest"},
        {"endpoint": None},
    ],
)
def test_what_is_no_subscription(user, change):
    good = {
        "endpoint": "https://push.example.com/x",
        "keys": {"p256dh": RFC_RECEIVER_PUBLIC, "auth": RFC_AUTH},
    }
    with pytest.raises(BadTarget):
        add_browser(user, good | change)


def test_a_browser_belongs_to_who_subscribed_last(user, vapid, reader):
    other = UserFactory()
    first = add_browser(other, reader.subscription)
    add_browser(user, reader.subscription)
    first.refresh_from_db()
    assert first.disabled_for == "removed"
    assert not first.target
    assert remove_browser(user, reader.endpoint)
    assert not remove_browser(user, reader.endpoint)


def test_the_pages_requests(user, vapid, reader):
    client = Client()
    client.force_login(user)
    asked = {"data": reader.subscription, "content_type": "application/json"}
    answer = client.post("/notifications/browser/", **asked)
    assert answer.status_code == 201
    assert Contact.objects.get(uuid=answer.json()["uuid"]).person == user
    assert reader.endpoint not in answer.content.decode()
    assert client.post("/notifications/browser/", {"endpoint": 1}, "application/json").status_code == 400
    assert client.post("/notifications/browser/", "{", "application/json").status_code == 400
    off = {"data": {"endpoint": reader.endpoint}, "content_type": "application/json"}
    assert client.post("/notifications/browser/off/", **off).json() == {"removed": True}
    assert client.post("/notifications/browser/off/", {}, "application/json").status_code == 400
    assert Client().post("/notifications/browser/", **asked).status_code in (302, 401, 403)


def test_the_worker_may_serve_the_whole_site():
    answer = Client().get("/notifications/worker.js")
    assert answer["Content-Type"] == "text/javascript"
    assert answer["Service-Worker-Allowed"] == "/"
    assert b'addEventListener("push"' in answer.content


def test_the_command_makes_a_key(settings):
    out = StringIO()
    call_command("vapid_key", stdout=out)
    name, _, key = out.getvalue().strip().partition("=")
    settings.VAPID_PRIVATE_KEY = key
    assert name == "VAPID_PRIVATE_KEY"
    assert len(encryption.unb64(encryption.public_key())) == 65
    settings.VAPID_PRIVATE_KEY = ""
    assert encryption.public_key() == ""
