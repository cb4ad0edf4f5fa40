"""The request log: a line for each request, and what is counted of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db.models import Sum

from apps.accounts.services import create_api_key
from apps.billing.models import UsageDay
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
def test_a_program_is_answered_when_its_line_is_written_and_browsers_follow(user, workspace, tmp_path):
    key, secret = create_api_key(workspace, name="notebook", actor=user)
    web = start_web(tmp_path)
    try:
        assert ask(web, secret).status_code == 200
        assert ApiRequest.objects.get().key_id == key.pk
        assert ask(web, "cw_nobody").status_code == 401
        web.stop()
    finally:
        web.process.kill()
        web.process.wait()
    assert ApiRequest.objects.count() == 2


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_killed_it_has_counted_every_call_that_was_answered(user, workspace, tmp_path):
    _, secret = create_api_key(workspace, name="notebook", actor=user)
    web = start_web(tmp_path)
    asked, answered = [0] * 8, [0] * 8

    def keep_asking(number: int) -> None:
        try:
            while True:
                asked[number] += 1
                answered[number] += ask(web, secret).status_code == 200
        except httpx.HTTPError:
            return

    try:
        with ThreadPoolExecutor(8) as pool:
            for number in range(8):
                pool.submit(keep_asking, number)
            until = time.monotonic() + 30
            while sum(answered) < 60 and time.monotonic() < until:
                time.sleep(0.01)
            web.process.kill()
    finally:
        web.process.kill()
        web.process.wait()
    counted = UsageDay.objects.aggregate(Sum("amount"))["amount__sum"]
    assert 60 <= sum(answered) <= counted <= sum(asked)
    assert counted == ApiRequest.objects.filter(status=200).count()


def start_web(tmp_path):
    return start_intake(
        address_of_database(),
        tmp_path / "log.txt",
        application="config.asgi:application",
        DJANGO_SETTINGS_MODULE="config.settings.dev",
    )


def ask(web, secret):
    return httpx.get(f"{web.url}/api/v1/users/me/", headers={"Authorization": f"Bearer {secret}"}, timeout=30)
