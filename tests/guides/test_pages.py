"""/docs/ for strangers and for who is signed in; what is found there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from apps.guides.selectors import search_docs

pytestmark = pytest.mark.django_db


def titles(words: str) -> list[str]:
    return [found.title for found in search_docs(words)]


def test_a_stranger_reads_without_a_query(client: Client, django_assert_num_queries):
    with django_assert_num_queries(0):
        html = client.get("/docs/first-backtest/").content.decode()
    assert "Your first backtest" in html
    assert 'rel="next"' in html
    assert 'class="rail"' not in html
    assert 'id="2-run-it"' in html
    assert 'href="#2-run-it"' in html


def test_who_is_signed_in_reads_inside_the_application(web: Client):
    assert 'class="rail"' in web.get("/docs/").content.decode()
    assert "Make a formula of the example" in web.get("/docs/functions/macd/").content.decode()


def test_a_page_that_is_none_is_not_found(client: Client):
    assert client.get("/docs/nonsense/").status_code == 404
    assert client.get("/docs/functions/nonsense/").status_code == 404


def test_the_page_of_a_function_shows_its_picture_and_leads_on(client: Client):
    html = client.get("/docs/functions/macd/").content.decode()
    assert '<svg class="fp"' in html
    assert 'href="/docs/functions/ppo/"' in html
    assert client.get("/formulas/functions/macd/").headers["Location"] == "/docs/functions/macd/"


def test_functions_are_found_by_what_their_pages_say(client: Client):
    assert "/docs/functions/atr/" in client.get("/docs/functions/?q=volatility").content.decode()
    html = client.get("/docs/functions/?q=ta.sma").content.decode()
    listed = re.findall(r'href="(/docs/functions/\w+/)"><code>', html)
    assert "/docs/functions/sma/" in listed
    assert "/docs/functions/volume/" not in listed
    assert "No function matches" in client.get("/docs/functions/?q=zzz").content.decode()


def test_what_is_asked_for_comes_first():
    assert titles("kill switch")[:2] == ["Kill switch, in the glossary", "Going live safely: Kill switches"]
    assert titles("exponential moving average")[0] == "ema: Exponential moving average"
    assert titles("webhook tradingview")[0].startswith("Alerts from TradingView")


def test_beginnings_plurals_and_slips_are_understood():
    assert titles("webho tradingv")[0].startswith("Alerts from TradingView")
    assert titles("kill switches") == titles("kill switch")
    assert titles("max drawdwn")[0] == "Max drawdown, in the glossary"


def test_every_word_has_to_occur():
    assert titles("tradingview xylophone") == []
    assert titles("telegram")
    assert titles("ichimoku")
    assert titles("telegram ichimoku") == []
    assert titles("") == []
    assert "Nothing is said of that" in Client().get("/docs/search/?q=xylophone").content.decode()


def test_an_excerpt_shows_what_was_asked_for():
    found = search_docs("withdrawals")[0]
    assert "withdrawals" in found.excerpt.lower()
    assert len(found.excerpt) < 180
    assert "`" not in found.excerpt


def test_a_search_is_shown_as_text(client: Client):
    html = client.get("/docs/search/?q=<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in html


def test_a_page_of_the_application_leads_to_its_guide(web: Client):
    html = web.get("/backtests/").content.decode()
    assert 'aria-label="Help: Your first backtest"' in html
    assert 'href="/docs/first-backtest/"' in html


def test_the_files_can_be_edited_where_the_source_is_known(client: Client, settings):
    assert "Edit this page" not in client.get("/docs/language/").content.decode()
    settings.SOURCE_URL = "https://code.example.com/candlewright"
    page = client.get("/docs/language/").content.decode()
    path = re.search(r'href="https://code.example.com/candlewright/edit/main/([^"]+)"', page)
    assert path is not None
    assert (Path(settings.BASE_DIR) / path[1]).is_file()
