"""Backup codes: ten, each once, kept as hashes, replaced as a set, gone with the last factor."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from apps.accounts.models import BackupCode
from apps.accounts.selectors.second_factors import second_factors_of
from apps.accounts.services.second_factors import make_backup_codes, remove_factor, verify_second_factor
from tests.accounts.second_factors.conftest import enrol, is_in
from tests.factories import UserFactory


def test_ten_codes_of_80_bits_kept_as_hashes(person, codes):
    assert len(set(codes)) == 10
    assert {len(code) for code in codes} == {19}  # 16 letters of 5 bits, three hyphens
    stored = set(BackupCode.objects.values_list("code_hash", flat=True))
    assert {len(value) for value in stored} == {64}
    assert not any(code in value or code.replace("-", "") in value for code in codes for value in stored)


def test_each_counts_once_however_it_is_typed(person, codes):
    assert verify_second_factor(person, f" {codes[0].upper().replace('-', ' ')} ")
    assert verify_second_factor(person, codes[0]) is None
    assert second_factors_of(person).backup_codes_left == 9


def test_codes_of_somebody_else_do_not_count(person, codes):
    other = UserFactory()
    enrol(other)
    assert verify_second_factor(other, codes[0]) is None


def test_new_set_replaces_the_old_one(person, codes):
    fresh = make_backup_codes(person, actor=person)
    assert verify_second_factor(person, codes[0]) is None
    assert verify_second_factor(person, fresh[0])


def test_they_go_with_the_last_factor(person, totp, codes):
    remove_factor(totp, actor=person)
    assert BackupCode.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_same_code_on_two_connections_counts_once(person):
    enrol(person)
    code = make_backup_codes(person, actor=person)[0]
    ready = threading.Barrier(3)
    found: list[bool] = []

    def use() -> None:
        try:
            ready.wait()
            found.append(verify_second_factor(person, code) is not None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, False, True]


def test_page_shows_new_codes_once(web, user):
    enrol(user)
    session = web.session
    session["second_factor"] = user.second_factors_at.isoformat()
    session.save()
    assert is_in(web)
    page = web.post("/settings/security/backup-codes/", follow=True)
    shown = page.context["codes"]
    assert len(shown) == 10
    assert all(code in page.content.decode() for code in shown)
    assert not any(code in str(list(web.session.values())) for code in shown)
    again = web.get("/settings/security/backup-codes/").content.decode()
    assert not any(code in again for code in shown)
    assert "10 unused backup codes" in again
