"""The inbox, contacts, preferences, ladders and webhooks, as people use them."""

from __future__ import annotations

import csv
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Membership
from apps.journal.models import Entry
from apps.notifications.choices import Urgency
from apps.notifications.models import Contact, Delivery, DeliveryHours, Ladder, Notice, Preference
from apps.notifications.rules.codes import CODE
from apps.notifications.selectors import unread_count
from apps.notifications.services import add_contact, add_webhook, save_ladder, send_due
from tests.factories import UserFactory
from tests.notifications.conftest import due_now
from tests.notifications.loopback import Answer


def sent_code(provider_mail) -> str:
    return re.search(r"\b(\d{6})\b", provider_mail.subject).group(1)


def test_the_inbox_lists_filters_and_searches(web, user, tell):
    first = tell(data={"title": "Buy BTCUSDT", "text": "at 45,000"}, channels=())
    tell("tests.door.opened", data={"title": "The back door"}, channels=())
    page = web.get("/inbox/").content.decode()
    assert page.index("The back door") < page.index("Buy BTCUSDT")
    assert page.count('class="inbox-row" data-unread') == 2
    assert web.post(f"/inbox/{first.uuid}/read/").status_code == 302
    unread = web.get("/inbox/?state=unread").content.decode()
    assert "The back door" in unread
    assert "Buy BTCUSDT" not in unread
    assert "Buy BTCUSDT" in (found := web.get("/inbox/?q=45,000").content.decode())
    assert "back door" not in found
    assert "back door" in (found := web.get("/inbox/?q=door+opens").content.decode())
    assert "BTCUSDT" not in found
    assert "No notice matches" in web.get("/inbox/?q=%25nothing_").content.decode()
    file = web.get("/inbox/?q=45,000&file=csv").getvalue().decode()
    (row,) = csv.DictReader(file.splitlines())
    assert (row["title"], row["text"], row["uuid"]) == ("Buy BTCUSDT", "at 45,000", str(first.uuid))
    assert row["urgency"] == "normal"
    assert row["read_at"]
    assert web.post("/inbox/read-all/").status_code == 302
    assert not Notice.objects.filter(read_at=None).exists()
    assert "The back door" in web.get("/inbox/menu/").content.decode()


def test_the_inbox_is_put_in_order(web, user, tell):
    """Two pages of each order; of equal urgency the newest comes first."""
    made = [tell(data={"title": f"told {number}"}, channels=()) for number in range(51)]
    Notice.objects.filter(pk=made[7].pk).update(urgency=Urgency.CRITICAL)
    numbers = list(range(51))
    newest = numbers[::-1]
    urgent = [7, *(number for number in newest if number != 7)]
    for order, expected in {"": newest, "-new": newest, "old": numbers, "-urgency": urgent}.items():
        first = web.get(f"/inbox/?sort={order}")
        second = web.get(f"/inbox/{first.context['list'].older}")
        found = re.findall(r"told (\d+)</strong>", first.content.decode() + second.content.decode())
        assert [int(number) for number in found] == expected
    assert [name for name, _ in first.context["list"].orders] == ["-new", "old", "-urgency"], "to choose from"


def test_notices_are_put_away_and_brought_back(web, user, tell):
    first = tell(data={"title": "Buy BTCUSDT"}, channels=())
    second = tell("tests.door.opened", data={"title": "The back door"}, channels=())

    def post(act: str) -> str:
        chosen = [str(first.uuid), str(second.uuid)]
        return web.post("/inbox/", {"act": act, "chosen": chosen}, follow=True).content.decode()

    page = post("archive")
    assert "2 notices are in the archive." in page
    assert "Nothing to tell you yet" in page
    assert unread_count(user.pk) == 0
    assert "The back door" not in web.get("/inbox/menu/").content.decode()
    assert "The back door" in web.get("/inbox/?state=archived").content.decode()
    assert web.get(f"/inbox/{first.uuid}/").status_code == 200
    assert "Buy BTCUSDT" in post("unarchive")
    assert "data-unread" in post("unread")
    assert unread_count(user.pk) == 2


def test_notices_of_somebody_else_stay_as_they_are(web, tell, stranger):
    theirs = tell(data={"title": "Secret"}, channels=(), person_id=stranger.pk)
    assert web.post("/inbox/", {"act": "archive", "chosen": str(theirs.uuid)}).status_code == 404
    assert Notice.objects.filter(archived_at=None).count() == 1


def test_an_open_notice_looks_again_until_all_has_ended(web, tell, endpoint, provider):
    provider.answer = lambda request: Answer(500)
    notice = tell(channels=("webhook",))
    where = f"/inbox/{notice.uuid}/"

    def looks() -> tuple[str, str] | None:
        found = re.search(r'\?seen=(\w+)" hx-trigger="every (\d+)s"', web.get(where).content.decode())
        return found and found.groups()

    seen, every = looks()
    assert every == "2", "its turn comes at once"
    assert web.get(f"{where}?seen={seen}").status_code == 204, "nothing to show"
    send_due(linger_s=0)
    answer = web.get(f"{where}?seen={seen}")
    assert (answer.status_code, "answered 500" in answer.content.decode()) == (200, True)
    Delivery.objects.filter(status="waiting").update(send_after=timezone.now() + timedelta(hours=1))
    assert looks()[1] == "20", "the next try is far off"
    provider.answer = lambda request: Answer(200)
    due_now()
    send_due(linger_s=0)
    assert looks() is None


def test_a_dry_run_says_once_that_nothing_was_sent(web, tell, endpoint, settings):
    settings.NOTIFICATIONS_LIVE = False
    notice = tell(channels=("webhook",))
    send_due(linger_s=0)
    page = web.get(f"/inbox/{notice.uuid}/").content.decode()
    assert page.count("This was a dry run: nothing was sent") == 1
    assert "This installation sends no messages" in page
    assert "NOTIFICATIONS_LIVE" not in page
    assert "What would have been sent" in page


def test_a_notice_shows_each_attempt_and_what_was_sent(web, user, tell, endpoint, provider):
    provider.answer = lambda request: Answer(503, "busy")
    notice = tell(channels=("webhook",))
    send_due(linger_s=0)
    provider.answer = lambda request: Answer(200)
    due_now()
    send_due(linger_s=0)
    page = web.get(f"/inbox/{notice.uuid}/").content.decode()
    assert "answered 503" in page
    assert "<code>200</code>" in page
    assert "What was sent" in page
    assert "&quot;title&quot;: &quot;Buy BTCUSDT&quot;" in page
    assert 'hx-trigger="load"' in page  # unread: the open page marks it, a GET does not
    assert Notice.objects.get().read_at is None


def test_a_dry_run_says_so_and_shows_text_and_html(web, user, tell, settings):
    settings.NOTIFICATIONS_LIVE = False
    notice = tell(channels=("email",))
    send_due(linger_s=0)
    page = web.get(f"/inbox/{notice.uuid}/").content.decode()
    assert "This was a dry run: nothing was sent" in page
    assert "What would have been sent" in page
    assert 'sandbox="" srcdoc="&lt;!doctype html' in page
    assert "Subject</span> Buy BTCUSDT" in page


def test_acknowledging_ends_the_ladder(web, user, tell):
    steps = [{"channel": "email", "wait_s": 600}]
    ladder = save_ladder(user, name="Wake", until="acknowledged", steps=steps, actor=user)
    notice = tell(ladder_id=ladder.pk)
    assert "Waits for you" in web.get("/inbox/?state=open").content.decode()
    web.post(f"/inbox/{notice.uuid}/acknowledge/")
    notice.refresh_from_db()
    assert (notice.acknowledged_by, Delivery.objects.get(channel="email").status) == ("page", "cancelled")
    assert "No notice matches" in web.get("/inbox/?state=open").content.decode()


def test_a_contact_is_used_once_its_code_came_back(web, user, tell, mailoutbox):
    answer = web.post("/settings/contacts/", {"channel": "email", "target": "desk@example.com"})
    contact = Contact.objects.get()
    assert answer["Location"] == f"/settings/contacts/{contact.uuid}/"
    send_due(linger_s=0)
    (mail,) = mailoutbox
    code = sent_code(mail)
    assert "<desk@example.com>" in mail.to[0]
    assert code not in str(Notice.objects.values())
    assert not contact.is_usable
    assert not Notice.objects.filter(in_inbox=True).exists()
    tell(channels=("email",))
    assert Delivery.objects.filter(notice__event="tests.bell.rung", contact=contact).count() == 0
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert "4 tries are left" in web.post(answer["Location"], {"code": wrong}).content.decode()
    assert web.post(answer["Location"], {"code": f"{code[:3]} {code[3:]}"}).status_code == 302
    contact.refresh_from_db()
    assert contact.is_usable
    assert not contact.code_hash
    web.post(f"{answer['Location']}test/")
    send_due(linger_s=0)
    assert mailoutbox[-1].subject == "This is a test"
    assert "<desk@example.com>" in mailoutbox[-1].to[0]
    web.post(f"{answer['Location']}remove/")
    assert web.get(answer["Location"]).status_code == 404
    actions = set(Entry.objects.values_list("action", flat=True))
    assert {f"notifications.contact.{verb}" for verb in ("added", "confirmed", "removed")} <= actions


def test_codes_end_after_five_wrong_ones_and_after_their_time(web, user, mailoutbox):
    place = web.post("/settings/contacts/", {"channel": "email", "target": "desk@example.com"})["Location"]
    send_due(linger_s=0)
    code = sent_code(mailoutbox[0])
    for _ in range(5):
        web.post(place, {"code": "x"})
    assert "Too many wrong codes" in web.post(place, {"code": code}).content.decode()
    assert "can be sent in" in web.post(f"{place}code/", follow=True).content.decode()
    Contact.objects.update(code_expires_at=timezone.now() - timedelta(seconds=1), code_tries=0)
    assert "has expired" in web.post(place, {"code": code}).content.decode()
    for _ in range(4):
        Contact.objects.update(code_expires_at=timezone.now() - timedelta(seconds=1))
        web.post(f"{place}code/")
    assert Notice.objects.filter(event=CODE.name).count() == 5
    Contact.objects.update(code_expires_at=timezone.now() - timedelta(seconds=1))
    assert "within an hour" in web.post(f"{place}code/", follow=True).content.decode()
    assert Notice.objects.filter(event=CODE.name).count() == 5


def test_preferences_are_a_matrix_and_required_events_are_fixed(web, user):
    page = web.get("/settings/notifications/").content.decode()
    assert 'name="tests.bell.rung:email"' in page
    assert 'name="tests.house.burns:email"' not in page
    assert 'name="notifications.contact.code_sent:email"' not in page
    fields = {
        "tests.bell.rung:email": "digest",
        "tests.bell.rung:inbox": "digest",
        "tests.house.burns:email": "off",
    }
    web.post("/settings/notifications/", fields)
    assert list(Preference.objects.values_list("event", "channel", "mode")) == [
        ("tests.bell.rung", "email", "digest")
    ]


def test_hours_need_both_ends(web, user):
    hours = {"quiet_from": "22:00", "quiet_until": "", "breaks_through": "4", "digest_at": "08:00"}
    answer = web.post("/settings/notifications/hours/", hours)
    assert answer.status_code == 422
    assert "need a beginning and an end" in answer.content.decode()
    assert web.post("/settings/notifications/hours/", {**hours, "quiet_until": "07:00"}).status_code == 302
    assert f"{DeliveryHours.objects.get().quiet_until:%H:%M}" == "07:00"


def test_a_ladder_is_made_changed_and_removed(web, user):
    fields = {"name": "Night", "until": "acknowledged", "channel_1": "email", "wait_1": "0", "unit_1": "60"}
    fields |= {"channel_3": "webhook", "wait_3": "5", "unit_3": "60"}
    assert web.post("/settings/ladders/new/", fields).status_code == 302
    ladder = Ladder.objects.get()
    assert ladder.steps == [{"channel": "email", "wait_s": 0}, {"channel": "webhook", "wait_s": 300}]
    assert "Another ladder of yours" in web.post("/settings/ladders/new/", fields).content.decode()
    none = {"name": "Empty", "until": "acknowledged"}
    assert "1 to 8 steps" in web.post("/settings/ladders/new/", none).content.decode()
    assert 'value="5"' in web.get(f"/settings/ladders/{ladder.uuid}/").content.decode()
    web.post(f"/settings/ladders/{ladder.uuid}/remove/")
    assert not Ladder.objects.exists()


@pytest.fixture
def page_of(web, workspace, provider) -> str:
    """An endpoint of the workspace at the provider, made on the page; its page's address."""
    answer = web.post("/settings/workspace/webhooks/new/", {"url": f"{provider.url}/in", "signing": "secret"})
    return answer["Location"]


def test_an_endpoint_shows_its_secret_once_and_gets_what_happens(
    web, user, workspace, page_of, tell, provider
):
    shown = web.get(page_of).content.decode()
    assert "whsec_" in shown
    assert "whsec_" not in web.get(page_of).content.decode()
    notice = tell(
        "tests.door.opened", workspace_id=workspace.pk
    )  # nobody chose webhooks for it: the endpoint did
    tell("tests.door.opened", key="elsewhere")  # of no workspace
    send_due(linger_s=0)
    (request,) = provider.requests
    assert request.json["type"] == "tests.door.opened"
    assert request.json["data"]["notice_id"] == str(notice.uuid)
    web.post(page_of, {"name": "Desk", "events": ["tests.bell.rung"]})
    tell("tests.door.opened", key="not chosen", workspace_id=workspace.pk)
    send_due(linger_s=0)
    assert len(provider.requests) == 1
    assert "whsec_" in web.post(f"{page_of}rotate/", {"overlap_hours": "1"}, follow=True).content.decode()
    web.post(f"{page_of}test/")
    send_due(linger_s=0)
    assert len(provider.requests[-1].headers["webhook-signature"].split()) == 2


def test_what_an_endpoint_missed_is_replayed(web, user, workspace, page_of, tell, provider):
    provider.answer = lambda request: Answer(410)
    tell("tests.door.opened", workspace_id=workspace.pk)
    send_due(linger_s=0)
    delivery = Delivery.objects.get(channel="webhook")
    assert delivery.status == "failed"
    assert "It says that it is gone" in web.get(page_of).content.decode()
    span = {"since": "2020-01-01T00:00", "until": "2100-01-01T00:00"}
    assert "switch it on first" in web.post(f"{page_of}replay/", span, follow=True).content.decode()
    provider.answer = lambda request: Answer(200)
    web.post(f"{page_of}switch/", {"active": "1"})
    assert "1 delivery is sent again" in web.post(f"{page_of}replay/", span, follow=True).content.decode()
    send_due(linger_s=0)
    trace = web.get(f"{page_of}deliveries/{delivery.uuid}/").content.decode()
    assert "<code>410</code>" in trace
    assert "<code>200</code>" in trace
    web.post(f"{page_of}deliveries/{delivery.uuid}/replay/")
    send_due(linger_s=0)
    assert {request.headers["webhook-id"] for request in provider.requests} == {f"msg_{delivery.uuid}"}
    assert len(provider.requests) == 3
    backwards = {"since": "2100-01-01T00:00", "until": "2020-01-01T00:00"}
    assert "end comes before" in web.post(f"{page_of}replay/", backwards).content.decode()


def test_deliveries_are_found_and_chosen_ones_sent_again(web, workspace, page_of, tell, provider):
    provider.answer = lambda request: Answer(404)
    for key, event in (("1", "tests.door.opened"), ("2", "tests.bell.rung"), ("3", "tests.bell.rung")):
        tell(event, key=key, workspace_id=workspace.pk)
    send_due(linger_s=0)
    first, second, third = Delivery.objects.filter(channel="webhook").order_by("pk")
    now = timezone.now()
    Delivery.objects.filter(pk__in=[first.pk, second.pk]).update(status="failed", ended_at=now)
    Delivery.objects.filter(pk=third.pk).update(status="delivered", attempts=5, error="", ended_at=now)

    def shown(query: str) -> list[Delivery]:
        return web.get(page_of + query).context["list"].rows

    assert shown("") == [third, second, first]
    assert shown("?status=failed&sort=new") == [first, second]
    assert shown("?event=tests.bell.rung&sort=-attempts") == [third, second]
    assert shown(f"?q=msg_{second.uuid}") == [second]  # as its receiver calls it
    assert shown("?q=404") == [second, first]
    file = web.get(page_of + "?status=failed&file=csv").getvalue().decode()
    assert [row["uuid"] for row in csv.DictReader(file.splitlines())] == [str(second.uuid), str(first.uuid)]

    chosen = [str(row.uuid) for row in (first, second)]
    said = web.post(page_of + "?q=404", {"act": "replay", "chosen": chosen})
    assert said["Location"] == page_of + "?q=404"
    page = web.get(said["Location"]).content.decode()
    assert "2 deliveries are sent again." in page
    assert "Undo" not in page, "what is sent is sent"
    assert set(shown("?status=waiting")) == {first, second}
    assert Contact.objects.get(channel="webhook").options.get("events") == ["*"], "the settings stay"


def test_an_inner_address_is_refused_in_the_form(web, settings):
    settings.NOTIFICATIONS_PRIVATE_NETWORKS = []
    fields = {"url": "https://169.254.169.254/latest", "signing": "secret"}
    answer = web.post("/settings/workspace/webhooks/new/", fields)
    assert answer.status_code == 422
    assert not Contact.objects.exists()


def test_an_analyst_has_no_webhooks(web, workspace, user):
    add_webhook(user, url="https://8.8.8.8/", actor=user, workspace=workspace)
    analyst = UserFactory()
    Membership.objects.create(workspace=workspace, user=analyst, role="analyst")
    web.force_login(analyst)
    session = web.session
    session["workspace_id"] = workspace.pk
    session.save()
    assert web.get("/settings/workspace/webhooks/").status_code == 403
    assert "settings/workspace/webhooks" not in web.get("/settings/contacts/").content.decode()


def test_nobody_sees_anothers(web, user, tell):
    other = UserFactory()
    theirs = tell(person_id=other.pk, data={"title": "Secret"}, channels=())
    contact = add_contact(other, channel="email", target="x@example.com", actor=other)
    assert "Secret" not in web.get("/inbox/").content.decode()
    assert web.post(f"/inbox/{theirs.uuid}/acknowledge/").status_code == 404
    assert web.post(f"/settings/contacts/{contact.uuid}/remove/").status_code == 404
