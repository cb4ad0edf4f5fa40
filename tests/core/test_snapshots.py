"""Reads in one snapshot fit together, though another connection writes between them."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from apps.accounts.models import User
from apps.core.snapshots import one_snapshot
from tests.factories import UserFactory


def add_one() -> None:
    """On a connection of its own."""

    def work() -> None:
        UserFactory()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_what_is_written_meanwhile_is_not_seen():
    with one_snapshot():
        before = User.objects.count()
        add_one()
        assert User.objects.count() == before
    assert User.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_changes_nothing():
    with transaction.atomic():
        before = User.objects.count()
        with one_snapshot():
            add_one()
            assert User.objects.count() == before + 1
