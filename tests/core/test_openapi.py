"""The API describes itself without a doubt left open."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client


def test_schema_is_valid_and_without_warnings(tmp_path):
    call_command("spectacular", file=str(tmp_path / "schema.yml"), validate=True, fail_on_warn=True)


@pytest.mark.django_db
def test_browsable_docs_load_from_our_own_files():
    page = Client().get("/api/docs/").content.decode()
    assert "cdn" not in page
    assert "/static/drf_spectacular_sidecar/" in page
