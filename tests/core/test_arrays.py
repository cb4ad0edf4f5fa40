"""Arrays in the form PostgreSQL reads, against what the driver makes of the same values."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.core.arrays import booleans, decimals, integers, maybe_texts, moments, texts

EARLIEST = datetime(1, 1, 2, tzinfo=UTC).replace(tzinfo=None)
LATEST = datetime(9999, 12, 30, tzinfo=UTC).replace(tzinfo=None)
ISTANBUL = ZoneInfo("Europe/Istanbul")
ZONES = st.sampled_from([UTC, ZoneInfo("Asia/Tokyo"), ISTANBUL])
ONE_HOUR_TWICE = datetime(2015, 11, 8, 3, 30, tzinfo=ISTANBUL)  # at 00:30 and 01:30 UTC
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

    # the first and the last day lie within the years a datetime has, on whichever clock
    @given(st.lists(st.none() | st.datetimes(EARLIEST, LATEST, timezones=ZONES)))
    @example([ONE_HOUR_TWICE, ONE_HOUR_TWICE.replace(fold=1)])
    def test_moments(self, values):
        # as moments in UTC: on one clock two of an hour that comes twice are equal, on two they never are
        there = [value and value.astimezone(UTC) for value in values]
        assert read(moments(values), "timestamptz") == there

    @given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
    def test_integers(self, values):
        assert read(integers(values), "bigint") == values


def read(array: str, kind: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array])
        return cursor.fetchone()[0]


def test_an_hour_that_comes_twice_is_two_moments():
    first, second = moments([ONE_HOUR_TWICE, ONE_HOUR_TWICE.replace(fold=1)])[1:-1].split(",")
    assert (first, second) == ("2015-11-08T03:30:00+03:00", "2015-11-08T03:30:00+02:00")


@pytest.mark.django_db
def test_a_text_cannot_leave_its_place():
    assert read(texts(["a", '"},{"b', "'; DROP TABLE x; --"]), "text") == [
        "a",
        '"},{"b',
        "'; DROP TABLE x; --",
    ]
