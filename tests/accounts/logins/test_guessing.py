"""Guessing is slowed down; whoever knows the password gets in all the same."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from apps.accounts.errors import TooManyGuesses
from apps.accounts.models import GuessBucket
from apps.accounts.services import check_login_allowed, note_login_failed, note_login_ok
from apps.accounts.services.logins import make_device_link
from apps.journal.models import Entry
from tests.factories import UserFactory
from tests.signals.conftest import address_of_database, start_intake

PASSWORD = "correct-horse-battery"
# the waits after the 5th, 6th … wrong password of unknown clients, by hand: doubling from a second, 15 minutes at most
WAITS_S = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def guess(email: str, ip: str = "203.0.113.9", device: str = "") -> None:
    note_login_failed(check_login_allowed(email, ip=ip, device_token=device))


def wait_over() -> None:
    GuessBucket.objects.update(blocked_until=timezone.now() - timedelta(seconds=1))


def test_unknown_clients_wait_twice_as_long_each_time(user):
    for _ in range(4):
        guess(user.email)
    for number, expected in enumerate(WAITS_S):
        guess(user.email, ip=f"198.51.100.{number}")  # another address each time does not help
        with pytest.raises(TooManyGuesses) as slowed:
            check_login_allowed(user.email, ip="192.0.2.1")
        assert slowed.value.retry_after == pytest.approx(expected, abs=1), number
        wait_over()


def test_the_answer_is_the_same_without_an_account(db):
    for _ in range(5):
        guess("nobody@example.com")
    with pytest.raises(TooManyGuesses) as slowed:
        guess("Nobody@example.com")
    assert slowed.value.retry_after == 1


def test_right_passwords_do_not_count(user):
    for _ in range(30):
        note_login_ok(check_login_allowed(user.email, ip="203.0.113.9"))
    assert set(GuessBucket.objects.values_list("failures", flat=True)) == {0}


def test_one_address_that_tries_many_accounts_waits(db):
    for number in range(50):
        guess(f"person{number}@example.com")
    with pytest.raises(TooManyGuesses):
        guess("another@example.com")
    guess("another@example.com", ip="203.0.113.10")


def test_an_ipv6_client_cannot_hop_in_its_own_network(db):
    for number in range(50):
        guess(f"person{number}@example.com", ip=f"2001:db8:1:1::{number:x}")
    with pytest.raises(TooManyGuesses):
        guess("another@example.com", ip="2001:db8:1:1:ffff::1")
    guess("another@example.com", ip="2001:db8:1:2::1")


def test_counts_are_forgotten_after_a_day_of_quiet(user):
    for _ in range(5):
        guess(user.email)
    GuessBucket.objects.update(
        failed_at=timezone.now() - timedelta(hours=25), blocked_until=timezone.now() - timedelta(hours=24)
    )
    for _ in range(4):
        guess(user.email)


def test_the_fifth_wrong_password_is_journalled_once(user):
    for _ in range(5):
        guess(user.email)
    wait_over()
    guess(user.email)
    assert Entry.objects.filter(action="accounts.login.guessed", target_id=user.pk).count() == 1


def log_in(client: Client, email: str, password: str = PASSWORD):
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_a_browser_used_before_is_not_held_up(user):
    victim = Client()
    assert log_in(victim, user.email).status_code == 302
    victim.post("/accounts/logout/")
    for _ in range(5):
        log_in(Client(), user.email, "wrong")
    slowed = log_in(Client(), user.email)
    assert slowed.status_code == 429
    assert slowed["Retry-After"] == "1"
    assert log_in(victim, user.email).status_code == 302


def test_a_known_browser_cannot_guess_without_end_either(user):
    thief = Client()
    log_in(thief, user.email)
    thief.post("/accounts/logout/")
    statuses = [log_in(thief, user.email, "wrong").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


def test_the_cookie_of_one_account_does_not_open_the_other(user, stranger):
    attacker = Client()
    log_in(attacker, stranger.email)
    attacker.post("/accounts/logout/")
    for _ in range(5):
        log_in(attacker, user.email, "wrong")
    assert log_in(attacker, user.email, "wrong").status_code == 429


def test_a_mailed_link_makes_a_browser_known_once(user):
    for _ in range(5):
        log_in(Client(), user.email, "wrong")
    path = f"/accounts/login/new-browser/{make_device_link(user)}/"
    victim, thief = Client(), Client()
    assert victim.get(path).status_code == 200  # a mail scanner that looks at it uses nothing up
    assert victim.post(path).status_code == 302
    assert thief.post(path).status_code == 410
    assert log_in(thief, user.email).status_code == 429
    assert log_in(victim, user.email).status_code == 302


def test_asking_for_a_link_tells_nothing(user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as queued:
        known = Client().post("/accounts/login/new-browser/", {"email": user.email}, follow=True)
        unknown = Client().post("/accounts/login/new-browser/", {"email": "nobody@example.com"}, follow=True)
    assert len(queued) == 2  # both go to the worker, so that neither the words nor the time tell
    strip = re.compile(r'data-made="\d+"|csrf[^>]*|nonce="[^"]*"|X-CSRFToken[^}]*')
    assert strip.sub("", known.content.decode()) == strip.sub("", unknown.content.decode())


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_count_each(transactional_db):
    """With the count taken after the password check, all twenty would be free."""
    person = UserFactory()
    barrier = threading.Barrier(20)

    def one(_: int) -> bool:
        from django.db import connection

        barrier.wait()
        try:
            check_login_allowed(person.email, ip=None)
        except TooManyGuesses:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(one, range(20))) == 5


@pytest.mark.django_db(transaction=True)
def test_the_victim_gets_in_while_an_attacker_hammers(transactional_db, tmp_path: Path):
    """A real server, an attacker who guesses without pause, and the person with the browser of yesterday."""
    person = UserFactory()
    cache.clear()
    web = start_intake(address_of_database(), tmp_path / "log.txt", application="config.asgi:application")

    def attempt(client: httpx.Client, password: str) -> int:
        client.get(f"{web.url}/accounts/login/")
        data = {
            "login": person.email,
            "password": password,
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        return client.post(f"{web.url}/accounts/login/", data=data).status_code

    stop = threading.Event()
    answers: list[int] = []

    def hammer() -> None:
        with httpx.Client(timeout=30) as attacker:
            while not stop.is_set():
                answers.append(attempt(attacker, "guess"))

    try:
        with httpx.Client(timeout=30) as victim:
            assert attempt(victim, PASSWORD) == 302
            for name in ("sessionid", "csrftoken"):
                victim.cookies.delete(name)
            with ThreadPoolExecutor(2) as pool:
                for _ in range(2):
                    pool.submit(hammer)
                while answers.count(429) < 5:
                    stop.wait(0.05)
                # the pause of a second may end just when the newcomer asks: from here on it is a long one
                blocked = GuessBucket.objects.filter(blocked_until__gt=Now())
                while not blocked.update(blocked_until=timezone.now() + timedelta(hours=1)):
                    pass
                try:
                    assert attempt(victim, PASSWORD) == 302
                    with httpx.Client(timeout=30) as newcomer:  # the same person on a browser nobody knows
                        assert attempt(newcomer, PASSWORD) == 429
                finally:
                    stop.set()
    finally:
        web.process.kill()
        web.process.wait()
    assert 302 not in answers
