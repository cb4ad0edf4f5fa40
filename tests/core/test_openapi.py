"""The API describes itself without a doubt left open."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from apps.core.api.documents import rendered


def test_schema_is_valid_and_without_warnings(tmp_path):
    call_command("spectacular", file=str(tmp_path / "schema.yml"), validate=True, fail_on_warn=True)


@pytest.mark.django_db
def test_browsable_docs_load_from_our_own_files():
    page = Client().get("/api/docs/").content.decode()
    assert "cdn" not in page
    assert "/static/drf_spectacular_sidecar/" in page


def test_the_description_is_made_once_and_known_by_its_tag():
    first = Client().get("/api/schema/", headers={"Accept": "application/json"})
    made = rendered.cache_info().misses
    again = Client().get(
        "/api/schema/", headers={"Accept": "application/json", "If-None-Match": first["ETag"]}
    )
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert rendered.cache_info().misses == made
    assert first.json()["openapi"].startswith("3.1")


def test_the_page_keeps_the_content_security_policy():
    page = Client().get("/api/docs/")
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert "<script>" not in page.content.decode()
    script = Client().get("/api/docs/?script")
    assert "opsFilter" in script.content.decode()
    assert "prefers-color-scheme" in script.content.decode()
