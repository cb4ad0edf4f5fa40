"""The form of a key: what a scanner matches, and that a typing error is told from an unknown key."""

from __future__ import annotations

import binascii
import re

import pytest

from apps.accounts.credentials import API_KEY, REFRESH_TOKEN, digest, is_well_formed, new_secret, secret_of
from tests.accounts.keys.conftest import client_with

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _value(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 62 + ALPHABET.index(letter)
    return number


@pytest.mark.parametrize("prefix", [API_KEY, REFRESH_TOKEN])
def test_pattern_and_checksum(prefix):
    for _ in range(50):
        secret = new_secret(prefix)
        assert re.fullmatch(prefix + "[0-9A-Za-z]{49}", secret)
        assert _value(secret[-6:]) == binascii.crc32(secret[:-6].encode())
        assert is_well_formed(secret, prefix)


def test_all_256_bits_are_in_it():
    for raw in (bytes(32), b"\xff" * 32, bytes(range(32))):
        assert _value(secret_of(API_KEY, raw)[3:46]) == int.from_bytes(raw)


def test_any_one_wrong_character_is_noticed():
    secret = new_secret(API_KEY)
    for place in range(3, len(secret)):
        wrong = "a" if secret[place] != "a" else "b"
        assert not is_well_formed(secret[:place] + wrong + secret[place + 1 :], API_KEY)
    for other in (secret[:-1], secret + "a", "", "cw_", secret.replace("cw_", "xx_"), secret[:-1] + "ä"):
        assert not is_well_formed(other, API_KEY)


def test_digest_is_sha_256():
    # FIPS 180-2, appendix B.1
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (secret_of(API_KEY, bytes(range(32))), "api_key_unknown"),
        ("cw_nonsense", "api_key_malformed"),
        ("sk_other", "token_invalid"),
        (secret_of(REFRESH_TOKEN, bytes(range(32))), "token_invalid"),
        ("a.b.c", "token_invalid"),
        ("", "token_invalid"),
    ],
)
def test_strange_credentials_are_refused_by_name(db, secret, code):
    answer = client_with(secret).get("/api/v1/users/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
