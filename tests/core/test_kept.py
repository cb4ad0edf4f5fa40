"""What is kept in English is known again by its pattern, and said in the language of who reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation
from django.utils.translation import gettext

from apps.accounts.appearance import manner_of
from apps.core.kept import in_english, kept_in_words
from apps.core.manner import written_for
from apps.core.words import said_in_words
from apps.engine.lang.why import why
from tests.engine.lang.test_meaning import day_bars

SHARE = "Fit for a backtest; 99.76% of the bars to be expected are there."
SILENT = "Nothing was heard of it for {seconds:.0f} seconds."


@pytest.fixture
def turkish() -> Iterator[None]:
    with translation.override("tr"), written_for(lambda: manner_of("", "", "", "UTC", "tr")):
        yield


def test_english_is_what_is_kept():
    assert kept_in_words("Its position stays. 12.5% is 1,000.5.") == "Its position stays. 12.5% is 1,000.5."


def test_figures_of_a_kept_sentence_are_the_readers_in_english_too():
    kept = "Nothing was heard of it for 10,666 seconds."
    with written_for(lambda: manner_of("", "", "", "UTC")):
        assert kept_in_words(kept) == "Nothing was heard of it for 10\u202f666 seconds."
        assert kept_in_words("Dana's own 10,666 words") == "Dana's own 10,666 words"
        assert kept_in_words(SHARE).endswith("99.76\u202f% of the bars to be expected are there.")
    with written_for(lambda: manner_of("en-US", "", "", "UTC")):
        assert kept_in_words(kept) == kept
    with written_for(lambda: manner_of("de-DE", "", "", "UTC")):
        assert kept_in_words(SHARE).endswith("99,76\u202f% of the bars to be expected are there.")
    assert kept_in_words(kept) == kept  # for a program


@pytest.mark.usefixtures("turkish")
def test_a_kept_sentence_is_in_the_readers_language_with_their_figures():
    said = gettext(SILENT).replace("{seconds:.0f}", "1.200,5")
    assert said != SILENT
    assert kept_in_words("Nothing was heard of it for 1,200.5 seconds.") == said


@pytest.mark.usefixtures("turkish")
def test_sentences_that_were_joined_are_known_one_by_one():
    stays, paused = gettext("Its position stays."), gettext("Paused by a person.")
    assert kept_in_words("Paused by a person. Its position stays.") == f"{paused} {stays}"
    assert kept_in_words("Nobody knows this. Its position stays.") == f"Nobody knows this. {stays}"
    # the first has a place at its end, which could hold all that follows
    first, second = (
        "At bar 12 (2024-01-02) they differ in units.",
        "The first expression that differs: ema(close, 12).",
    )
    assert kept_in_words(f"{first} {second}") == f"{kept_in_words(first)} {kept_in_words(second)}"


@pytest.mark.usefixtures("turkish")
def test_what_no_pattern_knows_stays_as_it_is():
    for text in ("", "Dana's own reason", "ema(close, 12) > 1000.5", "x" * 10_000, "{seconds} {0} %s"):
        assert kept_in_words(text) == text


@pytest.mark.usefixtures("turkish")
def test_what_is_to_be_kept_is_made_in_english():
    with in_english():
        assert gettext("Its position stays.") == "Its position stays."
    assert gettext("Its position stays.") != "Its position stays."


@pytest.mark.usefixtures("turkish")
def test_figures_inside_of_a_sentence_are_written_as_the_reader_does():
    found = why("long when close > 1000.5\n", day_bars([1000.25, 1234.75]), 1).statements[0].sentence
    assert "1234.75" in found
    told = said_in_words(found)
    assert "1234,75" in told
    assert "1000,5" in told
    assert "1234.75" not in told
