"""Four languages: who reads which, how figures are written in it, and mails and notices in their reader's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import formats, translation
from django.utils.functional import lazy

from apps.accounts.appearance import manner_of
from apps.accounts.language import writing_to
from apps.accounts.models import MailRequest, User
from apps.accounts.services import ask_for_mail, update_profile
from apps.accounts.services.mail_requests import send_asked_mail, sends
from apps.core.manner import NEUTRAL, THIN_SPACE, Manner, day_words, manner, written, written_for
from apps.core.templatetags.figures import clock, moment, number, percent, points
from apps.notifications.models import Notice
from apps.notifications.rules.events import TEST, events
from apps.notifications.selectors import NOT_CHOSEN
from apps.notifications.services import NewNotice, preview_event, queue_notices

# Unicode CLDR's patterns for these locales: separators, the order of a date
AS_WRITTEN = {
    "en": (f"1{THIN_SPACE}234{THIN_SPACE}567.50", "2026-11-22 14:05", f"−5.1{THIN_SPACE}%"),
    "tr": ("1.234.567,50", "22.11.2026 14:05", "−%5,1"),
    "id": ("1.234.567,50", "22/11/2026 14:05", f"−5,1{THIN_SPACE}%"),
    "hi": ("12,34,567.50", "22/11/2026 14:05", f"−5.1{THIN_SPACE}%"),
}


def language_of(page) -> str:
    return page.content.decode().partition('<html lang="')[2].partition('"')[0]


@pytest.mark.parametrize("language", AS_WRITTEN)
def test_figures_and_days_are_written_as_the_language_does(language):
    with written_for(lambda: manner_of("", "", "", "UTC", language)):
        found = (number(1234567.5), clock(datetime(2026, 11, 22, 14, 5, tzinfo=UTC)), percent(-0.051))
        in_sentence = f"{written(1234567.5):,.2f}", f"{written(0.051):.1%}"
    assert found == AS_WRITTEN[language]
    assert in_sentence == (found[0], found[2].lstrip("−"))


def test_times_of_bars_have_the_readers_order_too():
    with written_for(lambda: manner_of("", "", "", "Asia/Tokyo", "tr")):
        assert (moment("2024-01-15T00:00:00Z"), moment("2024-01-15T10:30:00Z")) == (
            "15.01.2024",
            "15.01.2024 10:30",
        )


def test_a_change_has_its_sign_before_the_percent():
    assert points(0.384) == "+0.38\u202f%"
    with written_for(lambda: manner_of("", "", "", "UTC", "tr")):
        assert points(0.384) == "+%0,38"
        assert points("-1234.5", 1) == "−%1.234,5"


def test_a_sentence_that_nobody_reads_is_written_as_programs_do():
    assert f"{written(5000):,} {written(0.5):.0%}" == "5,000 50%"


def test_the_next_request_does_not_read_as_the_one_before():
    Client(headers={"Accept-Language": "tr"}).get("/docs/")
    assert manner() == NEUTRAL


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0.00"), (999, "999.00"), (1000, "1,000.00"), (99999, "99,999.00"), (100000, "1,00,000.00"), (-1234567, "−12,34,567.00")],
)  # fmt: skip
def test_indian_groups(value, words):
    with written_for(lambda: Manner("indian")):
        assert number(value) == words


def test_what_was_chosen_comes_before_the_language():
    assert manner_of("en-US", "", "", "UTC", "tr").numbers == "comma"
    assert manner_of("", "space", "iso", "UTC", "tr") == manner_of("", "", "", "UTC", "en")


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_inputs_and_styles_keep_the_form_that_browsers_know(language):
    with translation.override(language):
        assert formats.localize(1234.5) == "1234.5"
        assert formats.get_format("DATE_INPUT_FORMATS")[0] == "%Y-%m-%d"


@pytest.mark.django_db
def test_a_stranger_has_the_browsers_language_until_another_is_chosen():
    client = Client(headers={"Accept-Language": "pt, id;q=0.8, en;q=0.5"})
    page = client.get("/accounts/password/reset/")
    assert (language_of(page), page["Content-Language"]) == ("id", "id")
    chosen = client.post("/language/", {"language": "tr", "next": "https://elsewhere.example/"})
    assert chosen["Location"] == "/"  # never to another site
    assert language_of(client.get("/accounts/password/reset/")) == "tr"
    client.post("/language/", {"language": "xx"})
    assert language_of(client.get("/accounts/password/reset/")) == "tr"


def test_the_menu_refuses_other_sites():
    assert Client(enforce_csrf_checks=True).post("/language/", {"language": "tr"}).status_code == 403


def test_a_person_keeps_theirs_in_every_browser(web, user):
    web.post("/language/", {"language": "hi"})
    assert User.objects.get(pk=user.pk).language == "hi"
    other = Client(headers={"Accept-Language": "tr"})
    other.force_login(user)
    assert language_of(other.get("/settings/")) == "hi"
    profile = {"name": "Ada", "language": "tr", "timezone": "UTC", "locale": "", "base_currency": "EUR"}
    assert web.post("/settings/", profile).status_code == 302
    assert language_of(other.get("/settings/")) == "tr"


@sends("a test of languages", limited=False)
def _send(about: object) -> None:
    mail.send_mail(translation.get_language(), str(number(1234.5)), None, ["whoever@example.com"])


@pytest.mark.parametrize(("address", "language"), [("u@example.com", "hi"), ("nobody@example.com", "id")])
def test_a_mail_is_in_its_recipients_language_else_in_the_askers(user, mailoutbox, address, language):
    User.objects.filter(pk=user.pk).update(email="u@example.com", language="hi")
    with translation.override("id"):
        ask_for_mail("a test of languages", to=address)
    assert send_asked_mail(MailRequest.objects.get().pk)
    assert [one.subject for one in mailoutbox] == [language]
    assert translation.get_language() == "en"


def test_a_notice_is_worded_in_the_language_of_whom_it_is_for(user, workspace):
    update_profile(user, language="tr")
    waiting = lazy(translation.get_language, str)()
    said = lambda: {"title": translation.get_language(), "facts": [[waiting, "1"]]}  # noqa: E731
    queue_notices([NewNotice(person_id=user.pk, event=TEST.name, key="a", data=said)])
    assert Notice.objects.get().data == {"title": "tr", "facts": [["tr", "1"]]}


def test_every_event_can_be_previewed(user):
    assert all(preview_event(user, event) for event in events() if event.name not in NOT_CHOSEN)


def test_days_in_words():
    day = datetime(2026, 11, 22, tzinfo=UTC)
    found = {}
    for language in dict(settings.LANGUAGES):
        with writing_to(User(language=language)):
            found[language] = (day_words(day), day_words(day, year=False))
    assert found["en"] == ("22 November 2026", "22 November")
    assert found["tr"] == ("22 Kasım 2026", "22 Kasım")
