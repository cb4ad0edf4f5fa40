"""One world for all access tests, in one transaction that is rolled back at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from apps.billing.selectors import forget_terms
from tests.access.world import World, make_world, undone
from tests.conftest import bring_back_rows_of_migrations


@pytest.fixture(scope="module")
def world_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(autouse=True)
def media(settings, world_media: Path, tmp_path: Path) -> None:
    """The world's files stay where they are from test to test."""
    settings.MEDIA_ROOT = world_media
    settings.MAIL_DIR = tmp_path / "mail"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")


@pytest.fixture(scope="module")
def module_world(django_db_setup, django_db_blocker, world_media: Path) -> Iterator[World]:
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=world_media), undone():
        forget_terms()  # what an earlier test made of a plan, and took back
        bring_back_rows_of_migrations()
        yield make_world()


@pytest.fixture
def world(module_world: World, db: None) -> World:
    return module_world
