"""The record: what is sealed, what a change of any row is called, and the script that checks it without us."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User, Workspace
from apps.journal.models import Entry
from apps.signals.models import AlertSource, Signal, SignalChain, SignalDay, SignalLink
from apps.signals.services import create_source, process_alerts, seal_signals, sign_days, verify_chain
from tests.signals.test_processing import store

TOMORROW = timedelta(days=1)


@pytest.fixture
def source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


@pytest.fixture
def chain(source: AlertSource) -> SignalChain:
    """Six signals, sealed, in a day that is signed; two more of the next day."""
    for number in range(6):
        store(source, id=number, price=100 + number, note="Ünïcode ✓", seq=number)
    process_alerts()
    assert seal_signals() == 6
    assert len(sign_days(now=timezone.now() + TOMORROW)) == 1
    for number in (6, 7):
        store(source, id=number, price="0.000000123400")
    process_alerts()
    assert seal_signals() == 2
    return SignalChain.objects.get()


@pytest.fixture
def limits() -> None:
    """Nobody has asked in the last minute."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:limits:record:*"):
        client.delete(key)
    client.close()


def by_hand(statement: str, *parameters: object) -> None:
    """As somebody would who may switch the guards off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)


def faults(chain: SignalChain) -> list[str]:
    return verify_chain(SignalChain.objects.get(pk=chain.pk)).faults


def test_hashes_are_what_the_page_says(chain: SignalChain):
    """Recomputed here from the documented formats alone."""

    def digest(before: str, value: object) -> str:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256((before + text).encode()).hexdigest()

    previous = str(chain.uuid)
    for number, link in enumerate(chain.links.order_by("number"), 1):
        line = {
            "n": number,
            "id": str(link.signal_uuid),
            "received": link.received_at.isoformat(),
            "sealed": link.sealed_at.isoformat(),
            "record": link.record_hash,
        }
        assert link.link_hash == digest(previous, line)
        previous = link.link_hash
    day = chain.days.get()
    line = {"day": day.day.isoformat(), "first": 1, "last": 6, "head": day.head}
    assert day.head == chain.links.get(number=6).link_hash
    assert day.root_hash == digest(str(chain.uuid), line)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(chain.public_key))
    key.verify(bytes.fromhex(day.signature), f"candlewright signals {chain.uuid} {day.root_hash}".encode())


def test_secrets_are_encrypted(chain: SignalChain):
    with connection.cursor() as cursor:
        cursor.execute("SELECT seed, salt FROM signals_signalchain")
        for stored in cursor.fetchone():
            assert chain.seed.reveal() not in stored
            assert chain.salt.reveal() not in stored
    assert len(bytes.fromhex(chain.seed.reveal())) == 32


def test_sealing_again_adds_nothing_and_each_workspace_has_its_own(chain: SignalChain, stranger: User):
    assert seal_signals() == 0
    other = create_source(stranger.owned_workspaces.get(), name="Theirs", actor=stranger)[0]
    store(other, id=1)
    process_alerts()
    assert seal_signals() == 1
    assert [link.number for link in SignalLink.objects.exclude(chain=chain)] == [1]
    assert SignalChain.objects.count() == 2
    assert len({c.public_key for c in SignalChain.objects.all()}) == 2


@pytest.mark.django_db(transaction=True)
def test_a_signal_that_somebody_holds_is_left_for_the_next_round_and_nobody_waits(
    user: User, workspace: Workspace
):
    import threading

    source = create_source(workspace, name="My alerts", actor=user)[0]
    for number in range(3):
        store(source, id=number)
    process_alerts()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Signal.objects.select_for_update().get(pk=Signal.objects.order_by("id")[1].pk)
                held.set()
                release.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    begun = timezone.now()
    assert seal_signals() == 2
    assert timezone.now() - begun < timedelta(seconds=5)
    release.set()
    thread.join()
    assert seal_signals() == 1
    assert verify_chain(SignalChain.objects.get()).faults == []


def test_whole_and_how_it_is_told(chain: SignalChain, capsys: pytest.CaptureFixture[str]):
    found = verify_chain(chain)
    assert (found.links, found.kept, found.days, found.unsealed, found.faults) == (8, 8, 1, 0, [])
    output = io.StringIO()
    call_command("signals", "verify", stdout=output)
    assert "whole, 8 links, 1 signed days" in output.getvalue()
    assert found.head in output.getvalue()


def edit_signal(chain: SignalChain) -> str:
    signal = Signal.objects.order_by("id")[2]
    Signal.objects.filter(pk=signal.pk).update(price="99.5")
    return f"signal {signal.uuid} of link 3 (buy AAPL) was edited"


def edit_payload(chain: SignalChain) -> str:
    signal = Signal.objects.order_by("id")[3]
    Signal.objects.filter(pk=signal.pk).update(payload={**signal.payload, "note": "other"})
    return f"signal {signal.uuid} of link 4"


def remove_signal(chain: SignalChain) -> str:
    signal = Signal.objects.order_by("id")[4]
    signal.delete()
    return f"signal {signal.uuid} of link 5 was removed"


def insert_signal(chain: SignalChain) -> str:
    signal = Signal.objects.order_by("id")[0]
    alert = store(signal.source, id="slipped in")
    process_alerts()
    slipped = Signal.objects.get(alert=alert)
    Signal.objects.filter(pk=slipped.pk).update(is_sealed=True, received_at=signal.received_at)
    return f"signal {slipped.uuid} (buy AAPL, received"


def edit_link(chain: SignalChain) -> str:
    by_hand("UPDATE signals_signallink SET received_at = received_at - interval '1 day' WHERE number = 2")
    return "link 2 (signal "


def remove_link(chain: SignalChain) -> str:
    by_hand("DELETE FROM signals_signallink WHERE number = 4")
    return "link 4 removed before link 5"


def insert_link(chain: SignalChain) -> str:
    by_hand("UPDATE signals_signallink SET number = number + 1000 WHERE number >= 4")
    by_hand("UPDATE signals_signallink SET number = number - 999 WHERE number > 1000")
    by_hand(
        "INSERT INTO signals_signallink (chain_id, number, signal_uuid, received_at, sealed_at, record_hash, link_hash)"
        " SELECT chain_id, 4, gen_random_uuid(), received_at, sealed_at, record_hash, link_hash"
        " FROM signals_signallink WHERE number = 3"
    )
    return "link 4 (signal "


def swap_links(chain: SignalChain) -> str:
    by_hand("UPDATE signals_signallink SET number = 1000 WHERE number = 2")
    by_hand("UPDATE signals_signallink SET number = 2 WHERE number = 3")
    by_hand("UPDATE signals_signallink SET number = 3 WHERE number = 1000")
    return "link 2 (signal "


def cut_off_the_signed_end(chain: SignalChain) -> str:
    by_hand("DELETE FROM signals_signallink WHERE number >= 5")
    return f"the links up to 6 are not those that were signed on {chain.days.get().day}"


def edit_day(chain: SignalChain) -> str:
    by_hand("UPDATE signals_signalday SET day = day - 1")
    return "the root of"


def forge_signature(chain: SignalChain) -> str:
    by_hand("UPDATE signals_signalday SET signature = repeat('00', 64)")
    return "the signature of"


@pytest.mark.parametrize(
    "deed",
    [
        edit_signal,
        edit_payload,
        remove_signal,
        insert_signal,
        edit_link,
        remove_link,
        insert_link,
        swap_links,
        cut_off_the_signed_end,
        edit_day,
        forge_signature,
    ],
)
def test_each_change_is_named_by_the_command(
    chain: SignalChain, deed: Callable[[SignalChain], str], capsys: pytest.CaptureFixture[str]
):
    expected = deed(chain)
    errors = io.StringIO()
    with pytest.raises(CommandError, match="is not whole"):
        call_command("signals", "verify", stderr=errors)
    assert expected in errors.getvalue()


def test_somebody_who_rewrites_the_chain_after_an_edit_breaks_the_signed_root(chain: SignalChain):
    """All hashes made anew by somebody who knows how, without the key: the signed day tells."""
    edit_signal(chain)
    by_hand("DELETE FROM signals_signallink")
    Signal.objects.update(is_sealed=False)
    assert seal_signals() == 8
    day = chain.days.get().day
    assert faults(chain) == [f"the links up to 6 are not those that were signed on {day}"]


@pytest.mark.parametrize("table", ["signals_signallink", "signals_signalday"])
def test_the_database_refuses_changes(chain: SignalChain, table: str):
    for statement in (
        f"UPDATE {table} SET chain_id = chain_id",
        f"DELETE FROM {table}; SET CONSTRAINTS ALL IMMEDIATE",
        f"SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL journal.may_truncate = 'off'; TRUNCATE {table}",
        "UPDATE signals_signalchain SET public_key = repeat('0', 64)",
        "DELETE FROM signals_signalday; DELETE FROM signals_signallink; DELETE FROM signals_signalchain;"
        " SET CONSTRAINTS ALL IMMEDIATE",
    ):
        with (
            pytest.raises(DatabaseError, match=r"chain|only with"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def run_verifier(
    folder: Path, chain: bytes, days: bytes, *arguments: str
) -> subprocess.CompletedProcess[str]:
    (folder / "chain.jsonl").write_bytes(chain)
    (folder / "days.json").write_bytes(days)
    return subprocess.run(
        [sys.executable, "-I", "verify_signals.py", "chain.jsonl", "days.json", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_the_public_page_and_the_script_that_is_served_there(
    web: Client, client: Client, chain: SignalChain, tmp_path: Path
):
    stranger = Client()
    assert stranger.get("/verify/wren-and-sons/").status_code == 404
    page = web.post(
        reverse("signals:record-publish"),
        {"is_public": "on", "slug": "wren-and-sons", "reveal_after_h": ""},
        follow=True,
    )
    assert "/verify/wren-and-sons/" in page.content.decode()
    public = stranger.get("/verify/wren-and-sons/").content.decode()
    assert "What this proves" in public
    assert "What it does not prove" in public
    assert chain.days.get().root_hash in public
    script = stranger.get("/verify/verify_signals.py").content
    assert script.decode() in __import__("html").unescape(public)
    (tmp_path / "verify_signals.py").write_bytes(script)
    lines = b"".join(stranger.get("/verify/wren-and-sons/chain.jsonl").streaming_content)
    days = stranger.get("/verify/wren-and-sons/days.json").content
    assert b"AAPL" not in lines
    assert chain.salt.reveal().encode() not in lines + days
    good = run_verifier(tmp_path, lines, days, "--root", chain.days.get().root_hash)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == "Whole: 8 signals, 0 revealed; 1 days, 1 signatures; 2 signals not signed yet\n"

    Signal.objects.update(received_at=timezone.now() - timedelta(hours=25))
    SignalChain.objects.update(reveal_after_h=24)
    by_hand(
        "UPDATE signals_signallink SET received_at = received_at"
    )  # received an hour ago: nothing is told yet
    untold = b"".join(stranger.get("/verify/wren-and-sons/chain.jsonl").streaming_content)
    assert untold == lines


def test_the_script_reads_contents_and_names_what_is_wrong(chain: SignalChain, tmp_path: Path, web: Client):
    from apps.signals.selectors.chain import chain_lines, days_document

    chain.reveal_after_h = 24
    text = "".join(chain_lines(chain, now=timezone.now() + timedelta(days=2)))
    days = json.dumps(days_document(chain)).encode()
    (tmp_path / "verify_signals.py").write_bytes(web.get("/verify/verify_signals.py").content)
    good = run_verifier(tmp_path, text.encode(), days)
    assert good.stdout.startswith("Whole: 8 signals, 8 revealed"), good.stdout
    lines = text.splitlines(keepends=True)
    assert json.loads(lines[7])["fields"]["price"] == "0.0000001234"

    def told(changed: list[str], days: bytes = days, *arguments: str) -> str:
        result = run_verifier(tmp_path, "".join(changed).encode(), days, *arguments)
        assert result.returncode == 1
        return result.stdout

    third = json.loads(lines[2])["id"]
    assert f"what is said of signal {third} is not what was sealed" in told(
        [*lines[:2], lines[2].replace('"102"', '"10"'), *lines[3:]]
    )
    assert "links 3 to 3 are missing" in told([*lines[:2], *lines[3:]])
    moved = told([*lines[:2], lines[2].replace('"received": "20', '"received": "19'), *lines[3:]])
    assert f"link 3 (signal {third}) does not follow" in moved
    document = json.loads(days)
    document["days"][0]["last"] = 5
    assert "does not fit its links" in told(lines, json.dumps(document).encode())
    document = json.loads(days)
    document["days"][0]["signature"] = "00" * 64
    assert "the signature of" in told(lines, json.dumps(document).encode())
    assert "the noted root abc is not among the days" in told(lines, days, "--root", "abc")


def test_who_has_the_file_already_gets_no_second_one(chain: SignalChain, source: AlertSource, limits: None):
    SignalChain.objects.update(slug="wren-and-sons")
    visitor, where = Client(), "/verify/wren-and-sons/chain.jsonl"
    first = visitor.get(where)
    tag, seen = first["ETag"], {first["ETag"]}
    assert first["Last-Modified"]
    assert first["Cache-Control"] == "public, max-age=60"
    again = visitor.get(where, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert visitor.get(where, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304

    def changed() -> bool:
        answer = visitor.get(where, headers={"If-None-Match": tag})
        if answer.status_code == 200 and answer["ETag"] not in seen:
            seen.add(answer["ETag"])
            return True
        return False

    store(source, id="another")
    process_alerts()
    assert not changed(), "it is not sealed yet"
    seal_signals()
    assert changed()
    SignalChain.objects.update(reveal_after_h=24)
    assert changed()
    by_hand("UPDATE signals_signallink SET received_at = %s WHERE number = 1", timezone.now() - TOMORROW)
    assert changed(), "a day after its receipt the first one is told"
    SignalChain.objects.update(dropped_until=timezone.now())
    assert changed(), "contents went with the plan's days"


def test_one_address_takes_so_many_files_a_minute(chain: SignalChain, limits: None):
    SignalChain.objects.update(slug="wren-and-sons")
    visitor = Client(REMOTE_ADDR="198.51.100.7")
    files = ["chain.jsonl", "days.json"] * 15
    assert {visitor.get(f"/verify/wren-and-sons/{file}").status_code for file in files} == {200}
    refused = visitor.get("/verify/wren-and-sons/chain.jsonl")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert Client(REMOTE_ADDR="198.51.100.8").get("/verify/wren-and-sons/days.json").status_code == 200
    assert visitor.get("/verify/wren-and-sons/").status_code == 200, "the page itself stays"


def test_it_is_made_public_by_program(
    api: APIClient, chain: SignalChain, workspace: Workspace, stranger: User
):
    where = "/api/v1/signals/record/"
    made = api.put(where, {"slug": "wren-and-sons", "reveal_after_h": 24}, format="json")
    assert (made.status_code, made.json()["slug"], made.json()["reveal_after_h"]) == (
        200,
        "wren-and-sons",
        24,
    )
    assert made.json()["links"] == 8
    assert Client().get("/verify/wren-and-sons/").status_code == 200
    bad = api.put(where, {"slug": "Big", "reveal_after_h": None}, format="json")
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid_record")
    assert "small letters" in str(bad.json()["errors"])
    assert api.put(where, {"slug": "fine", "reveal_after_h": 5}, format="json").status_code == 400
    Membership.objects.create(workspace=workspace, user=stranger, role=Role.ADMIN)
    other = APIClient()
    other.force_login(stranger)
    refused = other.put(
        where, {"slug": "theirs"}, format="json", headers={"X-Workspace": str(workspace.uuid)}
    )
    assert refused.status_code == 403
    closed = api.put(where, {"slug": None}, format="json")
    assert (closed.status_code, closed.json()["slug"], closed.json()["reveal_after_h"]) == (200, None, None)
    assert Client().get("/verify/wren-and-sons/").status_code == 404


def test_only_the_owner_makes_it_public_and_addresses_are_checked(
    web: Client, chain: SignalChain, workspace: Workspace, stranger: User
):
    where = reverse("signals:record-publish")
    for slug in ("", "ab", "-bad-", "Big", "a b c"):
        assert web.post(where, {"is_public": "on", "slug": slug}).status_code == 422
    Membership.objects.create(workspace=workspace, user=stranger, role=Role.ADMIN)
    other = Client()
    other.force_login(stranger)
    session = other.session
    from apps.accounts.middleware import SESSION_KEY

    session[SESSION_KEY] = workspace.pk
    session.save()
    assert other.post(where, {"is_public": "on", "slug": "theirs"}).status_code == 403
    web.post(where, {"is_public": "on", "slug": "mine", "reveal_after_h": "24"})
    chain.refresh_from_db()
    assert (chain.slug, chain.reveal_after_h) == ("mine", 24)
    entry = Entry.objects.get(action="signals.record.published")
    assert entry.changes["slug"] == [None, "mine"]
    web.post(where, {"slug": "mine"})
    chain.refresh_from_db()
    assert chain.slug is None
    assert Client().get("/verify/mine/").status_code == 404


def test_the_page_and_the_api_show_the_state(web: Client, api: APIClient, chain: SignalChain):
    remove_signal(chain)
    verify_chain(chain)
    page = web.get(reverse("signals:record")).content.decode()
    assert "The record is not whole" in page
    assert "of link 5 was removed" in page
    state = api.get("/api/v1/signals/record/").json()
    assert (state["links"], len(state["days"]), len(state["faults"])) == (8, 1, 1)
    signal = Signal.objects.order_by("id").first()
    proof = api.get(f"/api/v1/signals/{signal.uuid}/proof/").json()
    assert proof["line"]["n"] == 1
    assert proof["line"]["fields"]["symbol"] == "AAPL"
    assert proof["day"] == str(chain.days.get().day)
    shown = web.get(reverse("signals:signal-proof", args=[signal.uuid])).json()
    assert shown == proof
    assert "Link 1, sealed" in web.get(reverse("signals:signal-detail", args=[signal.uuid])).content.decode()


def test_before_the_first_signal_the_record_is_empty(web: Client, api: APIClient):
    assert "The record begins with the first signal" in web.get(reverse("signals:record")).content.decode()
    state = api.get("/api/v1/signals/record/").json()
    assert (state["chain"], state["links"], state["head"], state["days"]) == (None, 0, "", [])
    assert b"".join(web.get(reverse("signals:record-chain")).streaming_content) == b""
    assert web.get(reverse("signals:record-days")).json()["days"] == []


def test_a_day_is_signed_once_and_days_follow_each_other(chain: SignalChain):
    assert sign_days(now=timezone.now() + TOMORROW) == []
    # the two that were sealed after the day was signed, by a clock that is behind, belong to the next
    (second,) = sign_days(now=timezone.now() + 2 * TOMORROW)
    first = chain.days.order_by("day")[0]
    assert second.day - first.day == TOMORROW
    assert (second.first_number, second.last_number) == (7, 8)
    assert verify_chain(chain).faults == []


def test_days_hold_what_was_sealed_on_them(source: AlertSource):
    moments = [datetime(2026, 11, 1, 23, 59, tzinfo=UTC), datetime(2026, 11, 2, 0, 1, tzinfo=UTC)]
    for number, moment in enumerate(moments):
        store(source, id=number)
        process_alerts()
        seal_signals()
        by_hand("UPDATE signals_signallink SET sealed_at = %s WHERE number = %s", moment, number + 1)
    made = sign_days(now=datetime(2026, 11, 3, 0, 0, 5, tzinfo=UTC))
    assert [(str(day.day), day.first_number, day.last_number) for day in made] == [
        ("2026-11-01", 1, 1),
        ("2026-11-02", 2, 2),
    ]
    assert SignalDay.objects.count() == 2
