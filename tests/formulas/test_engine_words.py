"""What the engine says of the language is in the catalogues, and read in the reader's language."""

from __future__ import annotations

import json

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from apps.engine.lang.complete import hover
from apps.formulas.engine_words import TEXTS
from apps.formulas.in_words import in_words
from apps.formulas.management.commands.engine_words import FILE, source
from apps.formulas.selectors import completions, hover_at, palette

SOME = {
    "mean of the last n values": "son n değerin ortalaması",
    "a whole number or input from 1 to 5,000": "1 ile 5.000 arasında bir tam sayı ya da girdi",
    "Averages": "Ortalamalar",
    "comparison": "karşılaştırma",
    "a whole number": "bir tam sayı",
    "{type}, input of line {line}": "{line}. satırın girdisi: {type}",
    "It may be set from {low} to {high}.": "{low} ile {high} arasında seçilebilir.",
}


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
