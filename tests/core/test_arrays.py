"""Arrays in the form PostgreSQL reads, against what the driver makes of the same values."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.core.arrays import booleans, decimals, integers, maybe_texts, moments, texts

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


class ArraysTest(TestCase):
    @given(st.lists(TEXT | st.sampled_from(["", "NULL", "null", "{}", '"', "\\", '","', "a,b", " x "])))
    def test_texts(self, values):
        assert read(texts(values), "text") == values

    @given(st.lists(st.none() | TEXT | st.sampled_from(["", "NULL", "null", '"', "\\"])))
    def test_texts_and_none(self, values):
        assert read(maybe_texts(values), "text") == values

    @given(st.lists(st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=12)))
    def test_decimals(self, values):
        assert read(decimals(values), "numeric") == values

    @given(st.lists(st.booleans()))
    def test_booleans(self, values):
        assert read(booleans(values), "boolean") == values

    @given(st.lists(st.none() | st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Asia/Tokyo")]))))
    def test_moments(self, values):
        assert read(moments(values), "timestamptz") == values

    @given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
    def test_integers(self, values):
        assert read(integers(values), "bigint") == values


def read(array: str, kind: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_text_cannot_leave_its_place():
    assert read(texts(["a", '"},{"b', "'; DROP TABLE x; --"]), "text") == [
        "a",
        '"},{"b',
        "'; DROP TABLE x; --",
    ]
