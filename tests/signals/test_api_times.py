"""Moments in query parameters, as ISO 8601 has them."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("path", ["/api/v1/signals/?received_after=", "/api/v1/journal/?recorded_after="])
@pytest.mark.parametrize(
    ("moment", "status"),
    [("0133-05-13T01:16:33-20:48", 200), ("0001-01-01T00:00:00%2B14:00", 400), ("2026-11-21T12:00:00Z", 200)],
)
def test_offsets_that_the_database_does_not_read_are_no_fault(api, path, moment, status):
    assert api.get(path + moment).status_code == status
