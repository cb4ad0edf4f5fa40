"""Every refusal under /api/ is a problem document (RFC 9457) with a stable code and the request's id."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from rest_framework.test import APIClient

URL = "/api/v1/formulas/"


def _problem(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "code", "detail", "request_id"} <= set(body)
    assert body["status"] == status
    assert body["request_id"] == answer["X-Request-ID"]
    uuid.UUID(body["request_id"])


def test_refusals_of_the_framework(api):
    _problem(api.get("/api/v1/nothing-here/"), 404, "not_found")
    _problem(api.get("/api/nothing-here/"), 404, "not_found")
    _problem(api.get(f"{URL}{uuid.uuid4()}/"), 404, "not_found")
    _problem(api.put(URL, {}), 405, "method_not_allowed")
    _problem(api.get(URL, headers={"Accept": "text/html"}), 406, "not_acceptable")
    _problem(
        api.post(URL, "a=b", content_type="application/x-www-form-urlencoded"), 415, "unsupported_media_type"
    )
    _problem(api.post(URL, {}), 400, "invalid")


@pytest.mark.parametrize(
    "body",
    [
        "{",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        "[" * 100_000,
        b"\xff",
        "\ufeff{}",
    ],
)
def test_what_is_no_json_is_refused(api, body):
    _problem(api.post(URL, body, content_type="application/json"), 400, "parse_error")


def test_a_body_too_large(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    answer = api.post(URL, {"name": "x", "text": "y" * 1_000})
    _problem(answer, 413, "too_large")


@pytest.mark.django_db
def test_strangers():
    answer = APIClient().get(URL)
    _problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_page_of_another_site_cannot_post(user, workspace):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    _problem(client.post(URL, {}, content_type="application/json"), 403, "csrf_failed")


def test_methods_are_told(api):
    answer = api.options(URL)
    assert answer.status_code == 204
    assert "POST" in answer["Allow"]


def test_other_sites_are_let_in_by_name_and_never_with_cookies(api, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://tools.example.com"]
    asked = {"Origin": "https://tools.example.com"}
    ahead = api.options(
        URL,
        headers=asked
        | {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "idempotency-key,authorization",
        },
    )
    assert ahead["Access-Control-Allow-Origin"] == "https://tools.example.com"
    assert "idempotency-key" in ahead["Access-Control-Allow-Headers"]
    answer = api.get(URL, headers=asked)
    assert answer["Access-Control-Allow-Origin"] == "https://tools.example.com"
    assert "ETag" in answer["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Access-Control-Allow-Origin" not in api.get(URL, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in api.get("/", headers=asked)
