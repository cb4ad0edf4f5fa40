"""The primitive against published vectors; what was changed, moved or lost its key does not open."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from apps.core.secrets.cipher import SecretUnreadable, seal, unseal
from apps.core.secrets.keys import parse_keys
from tests.core.secrets.safe import NEW, OLD

pytestmark = pytest.mark.usefixtures("old_key")
PLACE = "core.safe.code"


def test_aes_gcm_gives_the_published_ciphertext():
    """Test case 16 of McGrew and Viega's GCM specification, the 256-bit key with associated data."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    text = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    assert AESGCM(key).encrypt(nonce, text, bound).hex() == sealed


def test_a_stored_text_is_that_primitive_over_the_documented_parts():
    """Opened here by hand, from the format the documentation gives."""
    scheme, key_id, encoded = seal("rosebud", PLACE).split(":")
    raw = base64.b64decode(encoded)
    key = base64.b64decode(OLD.partition(":")[2])
    assert (scheme, key_id) == ("enc1", "old")
    assert AESGCM(key).decrypt(raw[:12], raw[12:], b"enc1:old:core.safe.code") == b"rosebud"


def test_the_same_text_is_never_stored_the_same_way():
    assert len({seal("rosebud", PLACE) for _ in range(50)}) == 50


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_every_changed_character_shows(at):
    stored = seal("rosebud", PLACE)
    head, _, encoded = stored.rpartition(":")
    at %= len(encoded) - 3
    changed = encoded[:at] + ("B" if encoded[at] != "B" else "C") + encoded[at + 1 :]
    with pytest.raises(SecretUnreadable, match="does not open with the key old"):
        unseal(f"{head}:{changed}", PLACE)


@pytest.mark.parametrize(
    "stored", ["rosebud", "enc1:old", "enc1:old:", "enc1:old:%%%", "enc1:old:QUJD", "enc2:old:QUJD"]
)
def test_what_is_no_sealed_text_is_never_passed_through(stored):
    with pytest.raises(SecretUnreadable) as problem:
        unseal(stored, PLACE)
    assert PLACE in str(problem.value)
    assert "rosebud" not in str(problem.value)


def test_another_place_does_not_open_it():
    with pytest.raises(SecretUnreadable, match=r"core.safe.other does not open"):
        unseal(seal("rosebud", PLACE), "core.safe.other")


def test_a_lost_key_is_named(settings):
    stored = seal("rosebud", PLACE)
    settings.FIELD_KEYS = NEW
    with pytest.raises(SecretUnreadable, match="the key old, which FIELD_KEYS does not hold"):
        unseal(stored, PLACE)


def test_another_key_under_the_old_name_is_told(settings):
    stored = seal("rosebud", PLACE)
    settings.FIELD_KEYS = NEW.replace("new:", "old:")
    with pytest.raises(SecretUnreadable, match="another key of that name"):
        unseal(stored, PLACE)


def test_the_newest_key_writes_and_all_read(settings):
    before = seal("rosebud", PLACE)
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    assert unseal(before, PLACE) == "rosebud"
    assert seal("rosebud", PLACE).startswith("enc1:new:")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "key 1 has no id"),
        ("c2VjcmV0", "key 1 has no id"),
        (f"{OLD},two words:AAAA", "key 2 has no id"),
        (f"{OLD},{OLD}", "the id old stands twice"),
        ("old:???", "the key old is not base64"),
        ("old:c2VjcmV0", "the key old has 6 bytes, not 32"),
    ],
)
def test_wrong_keys_are_told_without_showing_them(text, fault):
    with pytest.raises(ValueError, match=r"key|id") as problem:
        parse_keys(text)
    assert fault in str(problem.value)
    assert "c2VjcmV0" not in str(problem.value)


def test_a_keyring_does_not_show_its_keys():
    assert repr(parse_keys(OLD)) == "Keyring(old)"
