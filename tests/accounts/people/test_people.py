"""Profile, preferences, picture and address."""

from __future__ import annotations

import io
import re
import time

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.accounts import choices as accounts_choices
from apps.accounts.appearance import manner_of
from apps.accounts.choices import Locale
from apps.accounts.models import Preferences, User
from apps.backtests import choices as backtests_choices
from apps.core.manner import THIN_SPACE
from apps.formulas.services import create_formula
from apps.journal.models import Entry
from tests.factories import CROSS

PROFILE = {
    "name": "Ada",
    "language": "en",
    "timezone": "Asia/Jakarta",
    "locale": "de-DE",
    "base_currency": "EUR",
}
PREFERENCES = {
    "theme": "ink", "rising": "red-up", "numbers": "comma", "dates": "day_dot", "cash": "2500", "fee_percent": "0.25",
    "slippage_bps": "7", "fill": "close", "mail_keys": "on",
}  # fmt: skip


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), **options) -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", size, "orange").save(data, kind, **options)
    return SimpleUploadedFile("me.jpg", data.getvalue())


def test_the_profile_is_saved_and_its_entry_holds_no_name(web, user):
    assert web.post("/settings/", PROFILE).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.timezone, user.locale, user.base_currency) == (
        "Ada",
        "Asia/Jakarta",
        "de-DE",
        "EUR",
    )
    entry = Entry.objects.get(action="accounts.profile.changed")
    assert "Ada" not in str(entry.changes)
    assert entry.personal["target"]["changes"]["name"][1] == "Ada"


@pytest.mark.parametrize(
    ("field", "wrong"), [("timezone", "Mars/Base"), ("locale", "xx"), ("base_currency", "DOGE")]
)
def test_wrong_profiles_are_refused(web, user, field, wrong):
    assert web.post("/settings/", PROFILE | {field: wrong}).status_code == 422
    assert not Entry.objects.filter(action="accounts.profile.changed").exists()


def test_preferences_are_at_work(web, user, workspace, bar_set):
    assert web.post("/settings/preferences/", PREFERENCES).status_code == 302
    html = re.search(r"<html[^>]*>", web.get("/dashboard/").content.decode()).group()
    assert 'data-theme="ink"' in html
    assert 'data-updown="red-up"' in html
    assert 'data-numbers="comma"' in html
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    form = web.get(f"/backtests/new/{formula.uuid}/").context["form"]
    assert [str(form[name].value()) for name in ("cash", "fee", "slippage_bps", "fill")] == [
        "2500",
        "0.25",
        "7",
        "close",
    ]
    assert not Preferences.objects.get().mail_new_device


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("cash", "0"), ("fee_percent", "51"), ("slippage_bps", "-1"), ("theme", "pink"), ("fill", "x")],
)
def test_wrong_preferences_are_refused(web, user, field, wrong):
    assert web.post("/settings/preferences/", PREFERENCES | {field: wrong}).status_code == 422
    assert not Preferences.objects.exists()


def test_the_switch_in_the_top_bar_is_kept(web, user):
    assert web.post("/settings/preferences/look/", {"theme": "ink"}).status_code == 204
    assert web.post("/settings/preferences/look/", {"theme": "pink"}).status_code == 422
    assert Preferences.objects.get().theme == "ink"


@pytest.mark.parametrize(
    ("locale", "thousands", "date"),
    [
        ("", THIN_SPACE, "Y-m-d"),
        ("en-US", ",", "m/d/Y"),
        ("de-DE", ".", "d.m.Y"),
        ("ja-JP", ",", "Y/m/d"),
    ],
)
def test_regions(locale, thousands, date):
    found = manner_of(locale, "", "", "UTC")
    assert (found.thousands, found.date) == (thousands, date)
    assert manner_of(Locale.EN_US, "space", "iso", "UTC").thousands == THIN_SPACE


def test_both_rooms_know_the_same_fills():
    assert accounts_choices.Fill.choices == backtests_choices.Fill.choices


def test_me_and_my_preferences_by_api(api, user):
    me = api.get("/api/v1/users/me/")
    assert me.json()["base_currency"] == "USD"
    assert api.patch("/api/v1/users/me/", {"name": "X"}, format="json").status_code == 428
    tag = {"If-Match": me["ETag"]}
    assert api.patch("/api/v1/users/me/", {"name": "Ada"}, format="json", headers=tag).json()["name"] == "Ada"
    wrong = api.patch(
        "/api/v1/users/me/",
        {"timezone": "Mars"},
        format="json",
        headers={"If-Match": api.get("/api/v1/users/me/")["ETag"]},
    )
    assert wrong.status_code == 400
    path = "/api/v1/users/me/preferences/"
    tag = {"If-Match": api.get(path)["ETag"]}
    answer = api.put(path, {"theme": "paper", "cash": "50.00"}, format="json", headers=tag)
    assert (answer.status_code, answer.json()["theme"], answer.json()["cash"]) == (200, "paper", "50.00"), (
        answer.json()
    )
    assert (
        api.put(path, {"cash": "0"}, format="json", headers={"If-Match": answer["ETag"]}).status_code == 400
    )


def test_a_picture_is_painted_anew_without_its_metadata(web, user):
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    assert web.post("/settings/avatar/", {"avatar": picture(exif=exif)}).status_code == 302
    answer = web.get(f"/settings/people/{user.uuid}/avatar/")
    data = b"".join(answer.streaming_content)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert b"Secret camera" not in data
    with Image.open(io.BytesIO(data)) as image:
        assert (image.size, image.format, dict(image.getexif())) == ((256, 256), "WEBP", {})


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"GIF89a",
        b"<html>",
        b"\xff\xd8\xff" + b"0" * 90,
    ],
)
def test_what_is_no_picture_is_refused(web, user, data):
    answer = web.post("/settings/avatar/", {"avatar": SimpleUploadedFile("me.png", data, "image/png")})
    assert answer.status_code == 422
    assert User.objects.get(pk=user.pk).avatar == ""


def test_too_large_pictures_are_refused(web, user):
    assert web.post("/settings/avatar/", {"avatar": picture("PNG", (5200, 5200))}).status_code == 422
    heavy = SimpleUploadedFile("me.png", b"0" * (2 * 1024 * 1024 + 1))
    assert web.post("/settings/avatar/", {"avatar": heavy}).status_code == 422


def test_a_removed_picture_is_gone(web, user, django_capture_on_commit_callbacks):
    web.post("/settings/avatar/", {"avatar": picture()})
    path = User.objects.get(pk=user.pk).avatar
    assert default_storage.exists(path)
    with django_capture_on_commit_callbacks(execute=True):
        web.post("/settings/avatar/remove/")
    assert not default_storage.exists(path)
    assert web.get(f"/settings/people/{user.uuid}/avatar/").status_code == 404


def test_another_address_asks_who_is_there(web, user, mail_sent):
    """Whoever sits at an open browser could else have the link for a new password mailed to himself."""
    session = web.session
    session["confirmed_at"] = time.time() - 16 * 60
    session.save()
    with mail_sent():
        answer = web.post("/accounts/email/", {"email": "thief@example.com", "action_add": ""})
    assert answer["Location"].startswith("/settings/confirm/")
    assert not EmailAddress.objects.filter(email="thief@example.com").exists()


def test_an_address_that_was_never_confirmed_stays_as_well(web, user, mail_sent):
    EmailAddress.objects.filter(user=user).update(verified=False)
    old = user.email
    web.post("/accounts/email/", {"email": "no address", "action_add": ""})
    assert EmailAddress.objects.get(user=user).email == old
    with mail_sent():
        web.post("/accounts/email/", {"email": "settled@example.com", "action_add": ""})
    user.refresh_from_db()
    assert user.email == old
    web.post(re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", outbox.outbox[-1].body).group(1))
    user.refresh_from_db()
    assert user.email == "settled@example.com"


def test_the_old_address_stays_until_the_new_one_is_confirmed(web, user, mail_sent):
    old, new = user.email, "moved@example.com"
    with mail_sent():
        web.post("/accounts/email/", {"email": new, "action_add": ""})
    user.refresh_from_db()
    assert user.email == old
    link = re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", outbox.outbox[-1].body).group(1)
    web.post(link)
    user.refresh_from_db()
    assert user.email == new
    assert EmailAddress.objects.get(user=user).email == new
    entry = Entry.objects.get(action="accounts.email.changed")
    assert entry.personal["target"]["changes"]["email"] == [old, new]
    assert new not in str(entry.changes)
