"""What a key was used for, on its page: its own lines only, newest first, by outcome, in as many queries as ever."""

from __future__ import annotations

import csv
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import ApiKey
from apps.accounts.services import create_api_key
from apps.core.api.log import request_log
from apps.core.models import ApiRequest
from tests.accounts.keys.conftest import client_with
from tests.factories import workspace_of


@pytest.fixture
def key(workspace, user) -> ApiKey:
    return create_api_key(workspace, name="notebook", actor=user)[0]


def used(key: ApiKey, *statuses: int) -> list[ApiRequest]:
    return ApiRequest.objects.bulk_create(
        ApiRequest(
            at=timezone.now(),
            method="GET",
            route=r"api/v1/^formulas/(?P<uuid>[^/.]+)/$",
            status=status,
            milliseconds=12.4,
            bytes_sent=10,
            ip="203.0.113.7",
            request_id=f"request-{key.pk}-{number}",
            via="key",
            key_id=key.pk,
            user_id=key.user_id,
            workspace_id=key.workspace_id,
        )
        for number, status in enumerate(statuses)
    )


def shown(web, key: ApiKey, query: str = "") -> list[str]:
    """The numbers of the requests on the page."""
    page = web.get(f"/settings/workspace/api-keys/{key.uuid}/{query}").content.decode()
    return re.findall(rf'copy="request-{key.pk}-(\d+)"', page)


def test_a_request_made_with_the_key_stands_on_its_page(web, workspace, user):
    key, secret = create_api_key(workspace, name="notebook", actor=user, scopes=["formulas.view"])
    path = f"/settings/workspace/api-keys/{key.uuid}/"
    assert "Not used yet" in web.get(path).content.decode()
    request_log.flush()
    answer = client_with(secret).get("/api/v1/formulas/")
    refused = client_with(secret).post("/api/v1/formulas/", {"name": "x", "text": ""}, format="json")
    assert (answer.status_code, refused.status_code) == (200, 403)
    request_log.flush()
    page = web.get(path).content.decode()
    assert "<code>GET /api/v1/formulas/</code>" in page
    assert "<code>POST /api/v1/formulas/</code>" in page
    assert page.index(refused["X-Request-ID"]) < page.index(answer["X-Request-ID"]), "newest first"


def test_a_line_tells_path_status_time_and_address(web, key):
    used(key, 404)
    page = web.get(f"/settings/workspace/api-keys/{key.uuid}/").content.decode()
    for words in ("GET /api/v1/formulas/{uuid}/", "404", "12 ms", "203.0.113.7"):
        assert words in page


def test_lines_of_other_keys_are_not_shown(web, key, workspace, user, stranger):
    other = create_api_key(workspace, name="other", actor=user)[0]
    foreign = create_api_key(workspace_of(stranger), name="foreign", actor=stranger)[0]
    used(other, 200)
    used(foreign, 200)
    assert shown(web, key) == []
    page = web.get(f"/settings/workspace/api-keys/{key.uuid}/").content.decode()
    assert f"request-{other.pk}" not in page
    assert f"request-{foreign.pk}" not in page
    assert web.get(f"/settings/workspace/api-keys/{foreign.uuid}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", "876543210"),
        ("?outcome=done", "210"),
        ("?outcome=refused", "6543"),
        ("?outcome=failed", "87"),
        ("?outcome=nonsense", "876543210"),
        ("?before=nonsense", "876543210"),
        ("?before=" + "9" * 40, "876543210"),
    ],
)
def test_filter_by_outcome(web, key, query, numbers):
    used(key, 200, 201, 304, 400, 403, 404, 429, 500, 503)
    assert shown(web, key, query) == list(numbers)


def test_pages_follow_one_another_and_keep_the_filter(web, key):
    used(key, *[200, 404] * 60)
    first = web.get(f"/settings/workspace/api-keys/{key.uuid}/?outcome=refused")
    assert shown(web, key, "?outcome=refused") == [str(n) for n in range(119, 19, -2)]
    assert shown(web, key, first.context["list"].older) == [str(n) for n in range(19, 0, -2)]
    text = web.get(f"/settings/workspace/api-keys/{key.uuid}/?outcome=refused&file=csv").getvalue().decode()
    assert {row["status"] for row in csv.DictReader(text.splitlines())} == {"404"}
    assert text.count("\n") == 61


def test_as_many_queries_for_many_lines_as_for_one(web, key):
    path = f"/settings/workspace/api-keys/{key.uuid}/"
    web.get(path)
    counts = []
    for number in (1, 199):
        used(key, *[200] * number)
        with CaptureQueriesContext(connection) as queries:
            assert web.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("api/v1/formulas/$", "/api/v1/formulas/"),
        (
            r"api/v1/^formulas/(?P<uuid>[^/.]+)/versions/(?P<number>\d+)/$",
            "/api/v1/formulas/{uuid}/versions/{number}/",
        ),
        ("api/v1/auth/sessions/<uuid:uuid>/", "/api/v1/auth/sessions/{uuid}/"),
        (
            r"api/v1/^backtests/(?P<uuid>[^/.]+)/files/(?P<what>trades\.csv|equity\.csv)/$",
            "/api/v1/backtests/{uuid}/files/{what}/",
        ),
        ("", "/"),
    ],
)
def test_routes_are_shown_as_the_reference_writes_them(route, path):
    assert ApiRequest(route=route).path == path


def test_the_log_by_api_is_the_page_s(web, workspace, user, stranger, key):
    other = create_api_key(workspace, name="other", actor=user)[0]
    used(other, 200)
    lines = used(key, 200, 404, 503)
    address = f"/api/v1/api-keys/{key.uuid}/requests/"
    found = web.get(address).json()["results"]
    assert [line["request_id"] for line in found] == [line.request_id for line in reversed(lines)]
    assert found[0]["path"] == "/api/v1/formulas/{uuid}/"
    for outcome, status in {"done": 200, "refused": 404, "failed": 503}.items():
        assert [line["status"] for line in web.get(f"{address}?outcome={outcome}").json()["results"]] == [
            status
        ]
    assert web.get(f"{address}?outcome=odd").status_code == 400
    first = web.get(f"{address}?page_size=2").json()
    assert [line["status"] for line in web.get(first["next"]).json()["results"]] == [200]
    foreign = create_api_key(workspace_of(stranger), name="theirs", actor=stranger)[0]
    assert web.get(f"/api/v1/api-keys/{foreign.uuid}/requests/").status_code == 404
