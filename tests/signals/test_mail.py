"""Alerts by mail, from a real mail client to the process that an operator runs."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.db import connection

from apps.accounts.models import User, Workspace
from apps.signals.choices import SourceKind
from apps.signals.errors import SourceRefused
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
    with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
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
    source, address = mailed
    text = mail('{"symbol": "AAPL", "action": "buy"}')
    assert deliver(mail_server, f"{'0' * 48}@{DOMAIN}", text)[0] == 550
    assert deliver(mail_server, "me@elsewhere.example", text)[0] == 550
    _, token = create_source(workspace, name="By HTTP", actor=user)
    assert deliver(mail_server, f"{token}@{DOMAIN}", text)[0] == 550
    old = address
    address = f"{rotate_token(source, actor=user)}@{DOMAIN}"
    assert deliver(mail_server, old, text)[0] == 250  # both for a day
    set_passphrase(source, "Open-Sesame!42", actor=user)
    time.sleep(2.1)
    assert deliver(mail_server, address, text)[0] == 550
    fine = mail('{"symbol": "AAPL", "action": "sell", "passphrase": "Open-Sesame!42"}')
    assert deliver(mail_server, address, fine)[0] == 250
    set_source_active(source, active=False, actor=user)
    time.sleep(2.1)
    assert deliver(mail_server, address, fine)[0] == 550
    assert Alert.objects.count() == 2
    assert set(SecurityEvent.objects.values_list("kind", flat=True)) == {
        "unknown_token",
        "wrong_passphrase",
        "inactive_source",
    }
    log = mail_server.log.read_text()
    assert not any(secret in log for secret in (old.partition("@")[0], address.partition("@")[0], "Sesame"))


def test_too_much_too_often_and_too_many(mail_server: MailServer, mailed):
    _, address = mailed
    with smtplib.SMTP("127.0.0.1", mail_server.port, timeout=10) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(1024 * 1024)
        client.mail("a@b.example")
        assert client.rcpt(address)[0] == 250
        assert client.rcpt(address)[0] == 452
    assert deliver(mail_server, address, mail("x" * 65_537))[0] == 552
    AlertSource.objects.update(alerts_per_minute=2)
    time.sleep(2.1)
    codes = [
        deliver(mail_server, address, mail(f'{{"symbol": "A{number}", "action": "buy"}}'))[0]
        for number in range(4)
    ]
    assert codes[-1] == 450  # come again later, which mail servers do
    assert Alert.objects.count() == codes.count(250)


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
