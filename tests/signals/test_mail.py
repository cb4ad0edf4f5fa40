"""Alerts by mail, from a real mail client to the process that an operator runs."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection

from apps.accounts.models import User, Workspace
from apps.signals.choices import SourceKind
from apps.signals.errors import SourceRefused
from apps.signals.intake.mail import listen, text_of
from apps.signals.intake.reception import Reception, delivery_key
from apps.signals.models import Alert, AlertSource, SecurityEvent, Signal
from apps.signals.services import (
    create_source,
    new_signing_key,
    process_alerts,
    rotate_token,
    set_passphrase,
    set_source_active,
    set_template,
)
from tests.signals.conftest import address_of_database, free_port

pytestmark = pytest.mark.django_db(transaction=True)
DOMAIN = "alerts.example.org"
TEMPLATE = "{{action}} {{symbol}} @ {{price}} on {{timeframe}}"


@dataclass
class MailServer:
    port: int
    log: Path


def start_mail(log: Path, *, database_url: str) -> tuple[subprocess.Popen[bytes], MailServer]:
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "ALERT_MAIL_DOMAIN": DOMAIN,
        "ALERT_MAIL_LISTEN": f"127.0.0.1:{port}",
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "DEBUG",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "receive_alert_mail"],
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, MailServer(port, log)
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def mail_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    log = tmp_path_factory.mktemp("mail") / "log.txt"
    process, server = start_mail(log, database_url=address_of_database())
    yield server
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0, log.read_text()


@pytest.fixture
def mailed(transactional_db: None, user: User, workspace: Workspace, settings) -> tuple[AlertSource, str]:
    """A source with an address for mail, and that address."""
    settings.ALERT_MAIL_DOMAIN = DOMAIN
    source, token = create_source(workspace, name="By mail", actor=user, kind=SourceKind.EMAIL)
    return source, f"{token}@{DOMAIN}"


def mail(text: str, *, message_id: str = "", html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "alerts@broker.example"
    message["To"] = "somebody@example.org"
    message["Subject"] = "Alert"
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def deliver(server: MailServer, to: str, message: EmailMessage) -> tuple[int, str]:
    """The answer to the last command of the session that mattered."""
    with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.ehlo("sender.example")
        client.mail("alerts@broker.example")
        code, words = client.rcpt(to)
        if code == 250:
            code, words = client.data(message.as_bytes(policy=policy.SMTP))
        return code, words.decode()


def test_a_mail_becomes_a_signal_once(mail_server: MailServer, mailed, user: User):
    source, address = mailed
    set_template(source, TEMPLATE, actor=user)
    message = mail("buy BTCUSDT @ 45000.5 on 1h\r\n", message_id="<1@broker.example>")
    code, words = deliver(mail_server, address, message)
    assert (code, words[:16]) == (250, "2.0.0 Stored as ")
    assert deliver(mail_server, address.upper(), message) == (250, words)  # resent, by a server that shouts
    again = mail("buy BTCUSDT @ 45000.5 on 1h\n", message_id="<2@broker.example>")
    assert (
        deliver(mail_server, address, again)[1] != words
    )  # the same words in another message: another alert
    assert process_alerts() == 2
    assert {signal.symbol for signal in Signal.objects.all()} == {"BTCUSDT"}
    alert = Alert.objects.order_by("id")[0]
    assert alert.body_text == "buy BTCUSDT @ 45000.5 on 1h"
    assert alert.remote_ip == "127.0.0.1"
    assert alert.headers["from"] == "alerts@broker.example"
    assert alert.repeats.count() == 1


def test_json_and_other_forms_of_mail(mail_server: MailServer, mailed, user: User):
    _, address = mailed
    long = '{"symbol": "BINANCE:BTCUSDT", "action": "buy", "id": "long", "note": "%s €"}' % ("x" * 2000)
    assert deliver(mail_server, address, mail(long))[0] == 250  # quoted-printable on the way
    only_html = EmailMessage()
    only_html["From"] = "a@b.example"
    only_html.set_content(
        "<html><head><style>p {}</style></head><body><p>{&quot;symbol&quot;: &quot;AAPL&quot;,</p>"
        "<p>&quot;action&quot;: &quot;sell&quot;}</p></body></html>",
        subtype="html",
    )
    assert deliver(mail_server, address, only_html)[0] == 250
    both = mail('{"symbol": "MSFT", "action": "exit"}', html="<p>not this</p>")
    assert deliver(mail_server, address, both)[0] == 250
    process_alerts()
    assert set(Signal.objects.values_list("symbol", "action")) == {
        ("BTCUSDT", "buy"),
        ("AAPL", "sell"),
        ("MSFT", "exit"),
    }
    code, words = deliver(mail_server, address, mail("hello"))
    assert (code, words[:24]) == (250, "2.6.0 Stored for review ")
    assert deliver(mail_server, address, EmailMessage())[0] == 250  # nothing in it
    assert Alert.objects.filter(status="rejected").count() == 2


def test_who_may_not_send_is_told_for_good(mail_server: MailServer, mailed, user: User, workspace: Workspace):
    source, old = mailed
    text = mail('{"symbol": "AAPL", "action": "buy"}')
    assert deliver(mail_server, f"{'0' * 48}@{DOMAIN}", text)[0] == 550
    assert deliver(mail_server, "me@elsewhere.example", text)[0] == 550
    _, token = create_source(workspace, name="By HTTP", actor=user)
    assert deliver(mail_server, f"{token}@{DOMAIN}", text)[0] == 550
    new = f"{rotate_token(source, actor=user)}@{DOMAIN}"
    set_passphrase(source, "Open-Sesame!42", actor=user)
    assert deliver(mail_server, new, text)[0] == 550
    for number, address in enumerate([old, new]):  # both for a day
        fine = mail(f'{{"id": {number}, "symbol": "AAPL", "action": "buy", "passphrase": "Open-Sesame!42"}}')
        assert deliver(mail_server, address, fine)[0] == 250
    off, token = create_source(workspace, name="Off", actor=user, kind=SourceKind.EMAIL)
    set_source_active(off, active=False, actor=user)
    assert deliver(mail_server, f"{token}@{DOMAIN}", text)[0] == 550
    assert Alert.objects.count() == 2
    assert not any("Sesame" in alert.body_text for alert in Alert.objects.all())
    assert set(SecurityEvent.objects.values_list("kind", flat=True)) == {
        "unknown_token",
        "wrong_passphrase",
        "inactive_source",
    }
    log = mail_server.log.read_text()
    assert not any(secret in log for secret in (old.partition("@")[0], new.partition("@")[0], "Sesame"))


def test_too_much_too_often_and_too_many(mail_server: MailServer, mailed):
    _, address = mailed
    AlertSource.objects.update(alerts_per_minute=4)
    with smtplib.SMTP("127.0.0.1", mail_server.port, timeout=30) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(1024 * 1024)
        client.mail("a@b.example")
        assert client.rcpt(address)[0] == 250
        assert client.rcpt(address)[0] == 452
    assert deliver(mail_server, address, mail("x" * 65_537))[0] == 552
    codes = [
        deliver(mail_server, address, mail(f'{{"symbol": "A{number}", "action": "buy"}}'))[0]
        for number in range(4)
    ]
    assert codes == [250, 250, 450, 450]  # come again later, which mail servers do
    assert Alert.objects.count() == 2


def test_what_cannot_be_stored_is_asked_for_again(mail_server: MailServer, mailed):
    """The table is locked, as by a long migration: 451, and the same message counts once afterwards."""
    _, address = mailed
    message = mail('{"symbol": "AAPL", "action": "buy"}', message_id="<later@broker.example>")
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE signals_alert IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        code, _ = deliver(mail_server, address, message)
        took = time.monotonic() - began
        cursor.execute("ROLLBACK")
    assert code == 451
    assert took < 4
    assert [deliver(mail_server, address, message)[0] for _ in range(2)] == [250, 250]
    assert Alert.objects.count() == 1


def test_no_source_by_mail_where_no_mail_comes(user: User, workspace: Workspace, settings):
    settings.ALERT_MAIL_DOMAIN = ""
    with pytest.raises(SourceRefused, match="ALERT_MAIL_DOMAIN"):
        create_source(workspace, name="By mail", actor=user, kind=SourceKind.EMAIL)


def test_mail_cannot_be_asked_to_be_signed(mailed, user: User):
    with pytest.raises(SourceRefused, match="Mail cannot be signed"):
        new_signing_key(mailed[0], actor=user)


@pytest.mark.parametrize("charset", ["utf-8", "no-such-charset", "utf-7", "punycode", "hex"])
def test_mail_that_is_written_badly_is_read_as_well_as_it_can_be(charset: str):
    raw = b"Message-ID: <\xff\xfe@broker.example>\r\nContent-Type: text/plain; charset=%s\r\n\r\nbuy AAPL\r\n"
    message = message_from_bytes(raw % charset.encode(), policy=policy.default)
    text_of(message).encode("utf-8", "replace")
    assert delivery_key(str(message["Message-ID"]), None).isascii()
    assert delivery_key("<1@broker.example>", None) == "<1@broker.example>"
    assert len(delivery_key("x" * 500, 3)) == 64


def self_signed(path: Path) -> None:
    """A certificate for the domain and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(DOMAIN)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)


async def test_mail_comes_encrypted_where_there_is_a_certificate(tmp_path: Path):
    """And while there is no database at all, a recipient is asked for again, not refused."""
    pem, port = tmp_path / "mail.pem", free_port()
    self_signed(pem)
    reception = Reception(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    server = await listen(reception, domain=DOMAIN, host="127.0.0.1", port=port, certificate=str(pem))

    def session() -> tuple[str, int]:
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
            client._host = DOMAIN  # whose certificate is asked for
            client.starttls(context=ssl.create_default_context(cafile=str(pem)))
            client.ehlo()
            client.mail("a@b.example")
            return client.sock.version(), client.rcpt(f"{'0' * 48}@{DOMAIN}")[0]

    assert await asyncio.to_thread(session) == ("TLSv1.3", 451)
    server.close()
    await reception.stop()
