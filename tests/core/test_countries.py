"""Countries are those of ISO 3166-1, named in the reader's language."""

from __future__ import annotations

from importlib.resources import files

import pytest
from django.conf import settings
from django.utils import translation

from apps.core.countries import countries, country_named


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_each_country_of_the_standard_has_a_name(language: str):
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    codes = {line.split("\t")[0] for line in table.splitlines() if line and not line.startswith("#")}
    with translation.override(language):
        assert set(countries()) == codes


def test_names_are_the_readers_in_the_order_of_their_alphabet():
    with translation.override("tr"):
        names = list(countries().values())
        assert names.index("Cezayir") < names.index("Çin") < names.index("Danimarka")
        assert country_named("DE") == "Almanya"
        assert country_named("XK") == "XK"
    with translation.override("hi"):
        assert country_named("DE") == "जर्मनी"
