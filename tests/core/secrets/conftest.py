from __future__ import annotations

import pytest
from django.db import connection

from tests.core.secrets.safe import OLD, Safe


@pytest.fixture
def old_key(settings) -> None:
    settings.FIELD_KEYS = OLD


@pytest.fixture
def safe(db, old_key) -> type[Safe]:
    """The table, inside the test's transaction."""
    with connection.schema_editor() as editor:
        editor.create_model(Safe)
    return Safe


@pytest.fixture
def real_safe(transactional_db, old_key):
    """The table, for tests with several connections."""
    with connection.schema_editor() as editor:
        editor.create_model(Safe)
    yield Safe
    with connection.schema_editor() as editor:
        editor.delete_model(Safe)
