"""The preferences at work: colours in the page's first byte, numbers and times as their reader writes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from apps.accounts.choices import DateForm, Locale, NumberForm
from apps.accounts.models import Preferences, User
from apps.accounts.selectors import preferences_of
from apps.core.manner import Manner, written_for
from apps.core.visiting import is_visit

DATES = {
    DateForm.ISO: "Y-m-d",
    DateForm.DAY_DOT: "d.m.Y",
    DateForm.DAY_SLASH: "d/m/Y",
    DateForm.MONTH: "m/d/Y",
    DateForm.YEAR_SLASH: "Y/m/d",
}
REGIONS = {
    Locale.NEUTRAL: (NumberForm.SPACE, DateForm.ISO),
    Locale.EN_US: (NumberForm.COMMA, DateForm.MONTH),
    Locale.EN_GB: (NumberForm.COMMA, DateForm.DAY_SLASH),
    Locale.DE_DE: (NumberForm.DOT, DateForm.DAY_DOT),
    Locale.FR_FR: (NumberForm.SPACED, DateForm.DAY_SLASH),
    Locale.TR_TR: (NumberForm.DOT, DateForm.DAY_DOT),
    Locale.ID_ID: (NumberForm.DOT, DateForm.DAY_SLASH),
    Locale.HI_IN: (NumberForm.INDIAN, DateForm.DAY_SLASH),
    Locale.JA_JP: (NumberForm.COMMA, DateForm.YEAR_SLASH),
    Locale.ZH_CN: (NumberForm.COMMA, DateForm.YEAR_SLASH),
}
# Of a language, for who has chosen no region; English is read in so many of them that it stays neutral.
REGION_OF_LANGUAGE = {"tr": Locale.TR_TR, "id": Locale.ID_ID, "hi": Locale.HI_IN}


@lru_cache(maxsize=512)
def manner_of(locale: str, numbers: str, dates: str, timezone: str, language: str = "en") -> Manner:
    """The manner of the region, or of the language without one, where the person did not choose another."""
    by_region = REGIONS[Locale(locale) or REGION_OF_LANGUAGE.get(language, Locale.NEUTRAL)]
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):  # a zone that the system's table no longer has
        zone = ZoneInfo("UTC")
    return Manner(
        numbers=str(NumberForm(numbers or by_region[0])),
        date=DATES[DateForm(dates or by_region[1])],
        zone=zone,
        percent_first=not numbers and (Locale(locale) or REGION_OF_LANGUAGE.get(language)) == Locale.TR_TR,
    )


def reader_of(user: User) -> Manner:
    preferences = preferences_of(user)
    return manner_of(user.locale, preferences.numbers, preferences.dates, user.timezone, user.language)


def reader_in(request: HttpRequest) -> Manner:
    """The signed-in person's manner; a stranger's, also one who looks at the demo, is that of the page's language."""
    user = getattr(request, "user", None)
    if isinstance(user, User) and not is_visit(request):
        return reader_of(user)
    return manner_of("", "", "", "UTC", get_language() or "en")


class AppearanceMiddleware:
    """Lets figures and times be written as their reader writes them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with written_for(lambda: reader_in(request)):
            return self.get_response(request)


def appearance(request: HttpRequest) -> dict[str, object]:
    """For templates: `look`, the stored preferences of the person who is signed in, or None."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"look": None, "manner": reader_in(request)}
    preferences: Preferences = preferences_of(user)
    return {"look": preferences if preferences.pk else None, "manner": reader_in(request)}
