"""Files dropped: taken once, moved away, refused with the line at fault."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import User
from apps.markets.models import Feed, LiveBar
from apps.markets.providers.csv_drop import folder_of
from apps.markets.services.feed_setting import drop_file
from tests.markets.feeds.test_replay import until

# The command writes from a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)

HEAD = "time,open,high,low,close,volume\n"


def rising(*minutes: int) -> bytes:
    lines = [f"2026-01-05T10:{m:02d}:00Z,100,200,50,{100 + m},7\n" for m in minutes]
    return (HEAD + "".join(lines)).encode()


def put(feed: Feed, name: str, content: bytes) -> None:
    default_storage.save(f"{folder_of(feed)}/{name}", ContentFile(content))


def lying(feed: Feed, place: str = "") -> list[str]:
    folder = f"{folder_of(feed)}/{place}".rstrip("/")
    return sorted(default_storage.listdir(folder)[1]) if default_storage.exists(folder) else []


def closes() -> list[float]:
    return list(LiveBar.objects.order_by("number").values_list("close", flat=True))


async def test_files_are_taken_as_they_come_and_once(feed: Feed):
    def begin() -> None:
        put(feed, "b.csv", rising(3, 4, 5))
        put(feed, "a.csv", rising(1, 2, 3))
        put(feed, ".c.csv", rising(9))  # somebody is still writing it
        put(feed, "notes.md", b"not bars")

    await sync_to_async(begin)()
    feed = await until(feed, lambda feed: feed.next_number >= 5)
    assert await sync_to_async(closes)() == [101, 102, 103, 104, 105]
    assert lying(feed, "done") == ["a.csv", "b.csv"] or lying(feed) == [".c.csv", "b.csv", "notes.md"]


def test_once_takes_what_lies_there(feed: Feed, user: User):
    drop_file(feed, file=io.BytesIO(rising(1, 2)), filename="monday.csv", actor=user)
    call_command("run_feed", "--once", stdout=io.StringIO())
    assert closes() == [101, 102]
    assert lying(feed) == []
    assert len(lying(feed, "done")) == 1
    feed.refresh_from_db()
    assert feed.worker == ""


def test_a_file_that_cannot_be_read_is_put_aside_with_its_line(feed: Feed):
    put(feed, "bad.csv", rising(1) + b"2026-01-05T10:02:00Z,100,oops,50,102,7\n")
    with pytest.raises(CommandError, match=r"bad\.csv was refused: Line 3: “oops”"):
        call_command("run_feed", "--once", stdout=io.StringIO())
    assert closes() == []
    assert lying(feed, "refused") == ["bad.csv", "bad.csv.reason.txt"]
    with default_storage.open(f"{folder_of(feed)}/refused/bad.csv.reason.txt") as file:
        assert b"Line 3" in file.read()


def test_the_same_file_again_adds_nothing(feed: Feed):
    for name in ("one.csv", "two.csv"):
        put(feed, name, rising(1, 2))
    call_command("run_feed", "--once", stdout=io.StringIO())
    assert closes() == [101, 102]
    feed.refresh_from_db()
    assert feed.dropped == 0


def test_a_bar_that_has_not_closed_waits(feed: Feed):
    # the minute of now may end while the feed runs; this one has half a minute left at least
    open_still = (timezone.now() + timedelta(seconds=30)).replace(second=0, microsecond=0)
    line = f"{open_still:%Y-%m-%dT%H:%M:%SZ},100,200,50,107,7\n"
    put(feed, "now.csv", rising(1) + line.encode())
    call_command("run_feed", "--once", stdout=io.StringIO())
    assert closes() == [101]


def test_an_unknown_feed_is_named():
    with pytest.raises(CommandError, match="There is no feed"):
        call_command("run_feed", "--once", "--feed", "6f9619ff-8b86-4011-b42d-00c04fc964ff")
