"""A mail server that runs as long as the tests that read what it took."""

from __future__ import annotations

import email
import email.policy
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.signals.conftest import free_port


@pytest.fixture(scope="module")
def running_server(tmp_path_factory) -> Iterator[tuple[Path, int]]:
    folder, port = tmp_path_factory.mktemp("smtp"), free_port()
    process = subprocess.Popen([sys.executable, "tests/accounts/logins/smtp.py", str(folder), str(port)])
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield folder, port
    process.kill()
    process.wait()


@pytest.fixture
def server(running_server, settings) -> Path:
    """The folder of the mails the server takes, empty at first; the product sends to it."""
    folder, port = running_server
    for path in folder.iterdir():
        path.unlink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    return folder


def taken(folder: Path) -> list[EmailMessage]:
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # type: ignore[misc]
        for path in folder.glob("*.eml")
    ]
