"""What the engine says of the language is in the catalogues, and read in the reader's language."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from apps.engine.lang import check, parse
from apps.engine.lang.complete import hover
from apps.engine.lang.explain import explain
from apps.engine.lang.why import why
from apps.engine.said import Said
from apps.formulas.engine_words import TEXTS
from apps.formulas.errors import InvalidFormula
from apps.formulas.in_words import in_words
from apps.formulas.management.commands.engine_words import FILE, source
from apps.formulas.selectors import check_report, completions, explanation, hover_at, palette, why_report
from tests.engine.lang.test_explain import SENTENCES, TREND, TREND_IN_WORDS
from tests.engine.lang.test_meaning import UT_BOT, day_bars
from tests.engine.lang.test_why import UT_CLOSES

SOME = {
    "mean of the last n values": "son n değerin ortalaması",
    "a whole number or input from 1 to 5,000": "1 ile 5.000 arasında bir tam sayı ya da girdi",
    "Averages": "Ortalamalar",
    "comparison": "karşılaştırma",
    "a whole number": "bir tam sayı",
    "{type}, input of line {line}": "{line}. satırın girdisi: {type}",
    "It may be set from {low} to {high}.": "{low} ile {high} arasında seçilebilir.",
    "Goes long (buys) when {condition}.": "Şu durumda alım yapar: {condition}.",
    "{left} and {right}": "{left} ve {right}",
    "{left} is below {right}": "{left}, {right} altındadır",
    "{a} rises above {b}": "{a}, {b} üstüne çıkar",
    "the {n}-bar RSI of {src}": "{src} için {n} barlık RSI",
    "the close": "kapanış",
    "the open": "açılış",
    "{subject} fired: {reason}.": "{subject} sinyal verdi: {reason}.",
    "{left}, and {right}": "{left}; ayrıca {right}",
    "{now} (before: {was})": "{now} (önceden {was})",
    "{left} rose above {right}": "{left}, {right} üstüne çıktı",
    "{text} is {value}, {how}": "{text} {value}, {how}",
    "below {value}": "{value} altında",
    "unknown name `{name}`": "`{name}` adı bilinmiyor",
    "did you mean `{word}`?": "`{word}` mi demek istediniz?",
}
WRONG = Path("tests/engine/lang")


@pytest.fixture
def turkish(monkeypatch):
    """Turkish in which these texts are translated, whatever the catalogue has by now."""
    with translation.override("tr"):
        catalogue = trans_real.catalog()
        for english, words in SOME.items():
            monkeypatch.setitem(catalogue._catalog._catalogs[0], english, words)
        yield


def test_the_texts_are_those_of_the_engine():
    assert FILE.read_text() == source(), "write them anew: manage.py engine_words"


def test_an_editor_speaks_the_readers_language(turkish):
    found = hover_at("long when close > sma(close, 20)", 1, 20)
    assert found is not None
    assert found["summary"] == "son n değerin ortalaması"
    assert found["parameters"][1] == {"name": "n", "takes": "1 ile 5.000 arasında bir tam sayı ya da girdi"}
    offered = {one["label"]: one for one in completions("x = sm", 1, 7)}
    assert offered["sma"]["summary"] == "son n değerin ortalaması"
    assert offered["sma"]["signature"] == "sma(src, n)"


def test_sentences_about_the_formulas_own_names_too(turkish):
    found = hover_at("input fast = 9 in 2..50\nx = fast", 2, 5)
    assert found is not None
    assert found["summary"] == "1. satırın girdisi: bir tam sayı"
    assert "2 ile 50 arasında seçilebilir." in found["details"]
    json.dumps(found)


def test_blocks_are_named_in_it_and_their_code_is_not(turkish):
    told = palette()
    assert {"key": "averages", "label": "Ortalamalar", "colour": "function"} in told["categories"]
    labels = [block["label"] for block in told["blocks"]]
    assert "karşılaştırma" in labels
    assert {"close", "volume", "long when", "sma"} <= set(labels)


def test_names_of_a_formula_are_not_taken_for_words():
    with translation.override("tr"):
        assert in_words("close") == "close"
        assert in_words("") == ""
    assert not {"close", "exit", "long", "volume", ""} & TEXTS


def test_english_is_what_the_engine_says():
    text = "input fast = 9 in 2..50\nx = fast"
    own = hover(text, 2, 5)
    assert own is not None
    assert hover_at(text, 2, 5) == own.as_dict()


# sentences


def test_a_formula_is_explained_in_it(turkish):
    text = "long when crossover(close, open) and rsi(close, 14) < 70"
    told = explanation(text)
    assert (
        told
        == "Şu durumda alım yapar: kapanış, açılış üstüne çıkar ve kapanış için 14 barlık RSI, 70 altındadır."
    )
    assert type(told) is str


def test_it_is_said_in_it_why_a_condition_held(turkish):
    settings = {"key": 1, "atr_period": 3, "ema_period": 1}
    report = why_report(UT_BOT, day_bars(UT_CLOSES[:7]), settings=settings)
    assert report["statements"][-1]["sentence"] == (
        "short sinyal verdi: line 104.333, average 101 üstüne çıktı (önceden 101 < 103); "
        "ayrıca close 101, line 104.333 altında."
    )


def test_errors_are_told_in_it(turkish):
    (error,) = check_report("x = clos\nlong when close > open")["errors"]
    assert (error["message"], error["hint"]) == ("`clos` adı bilinmiyor", "`close` mi demek istediniz?")
    refused = InvalidFormula([one.as_dict() for one in check("x = clos\nlong when close > open").errors])
    assert refused.extra["formula_errors"] == [error]
    json.dumps(error)


def test_names_inside_sentences_are_not_taken_for_words(monkeypatch, turkish):
    catalogue = trans_real.catalog()
    monkeypatch.setitem(catalogue._catalog._catalogs[0], "daily", "günlük")
    assert "daily" in TEXTS
    assert explanation("daily = close\nlong when daily < 5").endswith("daily, 5 altındadır.")


def test_each_sentence_of_the_engine_is_known_with_its_pattern():
    told = [explain(parse(text).formula) for text in (*SENTENCES, TREND)]
    for name in ("wrong_programs", "suspicious_programs"):
        for case in json.loads((WRONG / f"{name}.json").read_text()):
            found = check(case["text"])
            told += [
                text for one in (*found.errors, *found.warnings) for text in (one.message, one.hint) if text
            ]
    for index in range(len(UT_CLOSES)):
        told += [one.sentence for one in why(UT_BOT, day_bars(UT_CLOSES), index).statements if one.sentence]
    assert len(told) > 300
    for text in told:
        assert isinstance(text, Said), text
        for pattern in _patterns(text):
            places = {name for _, name, _, _ in string.Formatter().parse(pattern) if name}
            words = pattern
            for name in places:
                words = words.replace(f"{{{name}}}", "")
            assert pattern in TEXTS or not any(map(str.isalpha, words)), pattern
        assert in_words(text) == text


def _patterns(text: str) -> Iterator[str]:
    if isinstance(text, Said):
        if text.values:
            yield text.pattern
        for value in text.values.values():
            yield from _patterns(value)


def test_long_rows_are_said_too():
    terms = " + ".join(["1"] * 1_900)
    text = explain(parse(f"x = {terms}\nlong when x > 0").formula)
    assert in_words(text) == text


def test_english_explanations_are_as_they_were():
    assert explanation(TREND) == TREND_IN_WORDS
