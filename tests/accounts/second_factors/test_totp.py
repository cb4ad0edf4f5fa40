"""RFC 6238 codes: the vectors of the RFC, a clock that is off, and codes that count once."""

from __future__ import annotations

import base64
import threading

import pytest
from django.db import connection, connections

from apps.accounts.errors import TooManyTries, WrongCode
from apps.accounts.models import TotpDevice
from apps.accounts.services.second_factors import begin_totp, confirm_totp, verify_second_factor
from apps.accounts.totp import code_at, key_uri, matching_step, new_key
from apps.journal.models import Entry
from tests.accounts.second_factors.conftest import code_of, enrol, wrong

# RFC 6238 appendix B, SHA-1, of which apps show the last six of the eight digits
RFC_KEY = base64.b32encode(b"12345678901234567890").decode()
RFC = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("at", "code"), RFC)
def test_vectors_of_the_rfc(at, code):
    assert code_at(RFC_KEY, at // 30) == code[-6:]
    assert matching_step(RFC_KEY, code[-6:], now=at, drift=0, after=-1) == at // 30


def test_one_step_of_tolerance_and_no_more():
    now = 1111111109
    accepted = [
        steps
        for steps in range(-4, 5)
        if matching_step(RFC_KEY, code_at(RFC_KEY, now // 30 + steps), now=now, drift=0, after=-1)
    ]
    assert accepted == [-1, 0, 1]


def test_new_keys_have_160_bits_and_differ():
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(base64.b32decode(key)) for key in keys} == {20}


def test_address_for_the_app():
    uri = key_uri(RFC_KEY, "anna+x@example.com")
    assert uri.startswith("otpauth://totp/Candlewright%3Aanna%2Bx%40example.com?")
    assert f"secret={RFC_KEY}&issuer=Candlewright&algorithm=SHA1&digits=6&period=30" in uri


def test_key_is_encrypted_in_the_database(person):
    device = begin_totp(person)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM accounts_totpdevice WHERE id = %s", [device.pk])
        stored = cursor.fetchone()[0]
    assert device.secret not in stored
    assert stored.startswith("enc1:")


def test_app_counts_only_once_confirmed_by_a_code(person):
    device = begin_totp(person)
    assert verify_second_factor(person, code_of(device)) is None
    with pytest.raises(WrongCode):
        confirm_totp(person, wrong(device), actor=person)
    person.refresh_from_db()
    assert person.second_factors_at is None
    confirm_totp(person, code_of(device), actor=person)
    person.refresh_from_db()
    assert person.second_factors_at is not None
    assert Entry.objects.filter(action="accounts.second_factor.added").count() == 1


def test_code_counts_once(person, totp):
    code = code_of(totp)
    assert verify_second_factor(person, code) == totp
    assert verify_second_factor(person, code) is None
    assert verify_second_factor(person, code_of(totp, steps=-1)) is None, "an older code after a newer one"
    assert verify_second_factor(person, code_of(totp, steps=1)) == totp


def test_code_that_confirmed_the_app_does_not_count_again(person):
    device = begin_totp(person)
    code = code_of(device)
    confirm_totp(person, code, actor=person)
    assert verify_second_factor(person, code) is None


def test_slow_clock_is_followed_step_by_step(person, totp):
    """An app 60 seconds behind is out of reach at first; one that was known to be behind is looked for there."""
    assert verify_second_factor(person, code_of(totp, steps=-2)) is None
    assert verify_second_factor(person, code_of(totp, steps=-1))
    totp.refresh_from_db()
    assert totp.drift == -1
    totp.last_step -= 5  # as if those codes had not been used yet
    totp.save()
    assert verify_second_factor(person, code_of(totp, steps=-2))
    totp.refresh_from_db()
    assert totp.drift == -2


def test_wrong_codes_are_slowed_down_and_told_once(person, totp):
    guess = wrong(totp)
    for _ in range(5):
        assert verify_second_factor(person, guess) is None
    with pytest.raises(TooManyTries) as slowed:
        [verify_second_factor(person, guess) for _ in range(3)]
    assert slowed.value.retry_after >= 1
    with pytest.raises(TooManyTries):  # not even the right one, or guessing would go on in its shadow
        verify_second_factor(person, code_of(totp))
    told = Entry.objects.filter(action="accounts.second_factor.guessed")
    assert [entry.target_id for entry in told] == [person.pk]


def test_replacing_the_app_ends_the_old_one(person, totp):
    new = begin_totp(person)
    assert new.pk != totp.pk
    assert verify_second_factor(person, code_of(totp)) is not None, (
        "the old one counts until the new one is confirmed"
    )
    confirm_totp(person, code_of(new), actor=person)
    assert list(TotpDevice.objects.filter(user=person)) == [new]
    assert verify_second_factor(person, code_of(totp, steps=1)) is None


@pytest.mark.django_db(transaction=True)
def test_same_code_on_two_connections_counts_once(person):
    """Three threads with a connection each send the same code at the same moment."""
    device = enrol(person)
    code = code_of(device)
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
