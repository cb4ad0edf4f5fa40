"""The request log: a line for each request, written after the answer."""

from __future__ import annotations

import time

import httpx
import pytest

from apps.accounts.services import create_api_key
from apps.core.api.log import request_log
from apps.core.models import ApiRequest
from tests.signals.conftest import address_of_database, start_intake


def test_a_line_names_who_asked_what(api, user, workspace):
    request_log.flush()
    before = ApiRequest.objects.count()
    answer = api.get("/api/v1/formulas/?page_size=2")
    assert ApiRequest.objects.count() == before
    request_log.flush()
    line = ApiRequest.objects.latest("pk")
    assert (line.method, line.route, line.status) == ("GET", "api/v1/formulas/$", 200)
    assert (line.user_id, line.workspace_id, line.via) == (user.pk, workspace.pk, "session")
    assert line.request_id == answer["X-Request-ID"]
    assert line.bytes_sent == len(answer.content)
    assert line.milliseconds > 0


@pytest.mark.django_db(transaction=True)
def test_a_server_writes_within_seconds_and_at_its_end(user, workspace, tmp_path):
    key, secret = create_api_key(workspace, name="notebook", actor=user)
    web = start_intake(
        address_of_database(),
        tmp_path / "log.txt",
        application="config.asgi:application",
        DJANGO_SETTINGS_MODULE="config.settings.dev",
    )
    try:
        ask = {
            "url": f"{web.url}/api/v1/users/me/",
            "headers": {"Authorization": f"Bearer {secret}"},
            "timeout": 30,
        }
        assert httpx.get(**ask).status_code == 200
        until = time.monotonic() + 15
        while not ApiRequest.objects.exists() and time.monotonic() < until:
            time.sleep(0.1)
        assert ApiRequest.objects.get().key_id == key.pk
        assert httpx.get(**ask).status_code == 200
        web.stop()
    finally:
        web.process.kill()
        web.process.wait()
    assert ApiRequest.objects.count() == 2
