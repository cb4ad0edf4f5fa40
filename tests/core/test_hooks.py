"""Named hooks: a receiver that fails keeps nobody else from hearing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from apps.core.hooks import Hook


def test_receivers_hear_once_each_until_they_leave():
    hook, heard = Hook("tests.happened"), []

    @hook.connect
    def hear(**facts: Any) -> None:
        heard.append(facts)

    hook.connect(hear)
    hook.send(number=1)
    hook.disconnect(hear)
    hook.disconnect(hear)
    hook.send(number=2)
    assert heard == [{"number": 1}]


def test_a_receiver_that_fails_is_passed_over():
    hook, heard = Hook("tests.happened"), []

    def fail(**facts: Any) -> None:
        raise ValueError("broken")

    def hear(**facts: Any) -> None:
        heard.append(facts)

    hook.connect(fail)
    hook.connect(hear)
    hook.send(number=1)
    assert heard == [{"number": 1}]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_never_told():
    hook, heard = Hook("tests.happened"), []

    @hook.connect
    def hear(**facts: Any) -> None:
        heard.append(facts)

    with transaction.atomic():
        hook.send_on_commit(number=1)
        transaction.set_rollback(True)
    with transaction.atomic():
        hook.send_on_commit(number=2)
        assert heard == []
    assert heard == [{"number": 2}]
