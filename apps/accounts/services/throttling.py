"""Slows down guessing of passwords without locking anybody out of his own account.

After OWASP's "Slow down online guessing attacks with device cookies": a browser that has logged in to the account
before has a count of its own; all unknown clients share one per account, and each network address has one. Past the
free attempts each further one waits twice as long as the one before. An attempt is counted before the password is
looked at and given back when it was right, so that parallel guesses count too.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from apps.accounts.errors import TooManyGuesses, TooManyTries
from apps.accounts.models import GuessBucket, User
from apps.accounts.selectors import known_device
from apps.journal.services import record

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """`free` failures cost nothing; then 1, 2, 4 … seconds, at most `longest`; forgotten after `forget` of quiet."""

    free: int
    longest: timedelta
    forget: timedelta
    first: timedelta = timedelta(seconds=1)


ACCOUNT = Limit(free=5, longest=timedelta(minutes=15), forget=timedelta(hours=24))
DEVICE = Limit(free=10, longest=timedelta(minutes=15), forget=timedelta(hours=1))
ADDRESS = Limit(free=50, longest=timedelta(minutes=15), forget=timedelta(hours=1))
MAILS = Limit(free=3, longest=timedelta(hours=1), forget=timedelta(hours=1), first=timedelta(hours=1))


@dataclass(frozen=True)
class Attempt:
    """An attempt that may be made; `keys` are the counts it stands in."""

    email: str
    keys: tuple[str, ...]
    is_last_free: bool


def check_login_allowed(email: str, *, ip: str | None, device_token: str = "") -> Attempt:
    """Count an attempt to log in as `email` and allow it, or raise TooManyGuesses with the seconds to wait.

    Follow it by `note_login_ok` or `note_login_failed`. The answer is the same for addresses without an account. Never
    call it inside a transaction (RuntimeError): the count must outlive the request's failure.
    """
    email = email.strip().lower()
    if known_device(email, device_token):
        wanted = [(_key("device", f"{email} {device_token}"), DEVICE)]
    else:
        wanted = [(_key("account", email), ACCOUNT)]
        if ip:
            wanted.insert(0, (_key("ip", _network(ip)), ADDRESS))
    taken: list[str] = []
    failures = 0
    for key, limit in wanted:
        failures, wait = _take(key, limit)
        if wait:
            _give_back(taken)
            raise TooManyGuesses(wait)
        taken.append(key)
    return Attempt(email, tuple(taken), failures == wanted[-1][1].free)


def check_guess_allowed(kind: str, user: User, *, device_token: str = "") -> Attempt:
    """Count an attempt of a signed-in or signing-in person (`kind` "code", "password") or raise TooManyTries.

    As above: browsers the person has used before count apart, a right answer is given back, no transaction around it.
    """
    known = known_device(user.email, device_token) is not None
    key, limit = (
        (_key(gettext("{kind} device").format(kind=kind), f"{user.pk} {device_token}"), DEVICE)
        if known
        else (_key(kind, str(user.pk)), ACCOUNT)
    )
    failures, wait = _take(key, limit)
    if wait:
        raise TooManyTries(wait)
    return Attempt(user.email, (key,), failures == limit.free)


def note_login_ok(attempt: Attempt) -> None:
    """The password was right: the attempt no longer counts."""
    _give_back(attempt.keys)


def note_login_failed(attempt: Attempt) -> None:
    """The password was wrong. The attempt that uses up the free ones is journalled, once per spell of guessing."""
    log.warning("login_failed", held_up=attempt.is_last_free)
    if not attempt.is_last_free:
        return
    user = User.objects.filter(email__iexact=attempt.email).first()
    if user:
        with transaction.atomic():
            record(actor=None, workspace=None, action="accounts.login.guessed", target=user)


def may_mail(kind: str, email: str) -> bool:
    """Whether one more mail of this kind may go to the address; three an hour, so that nobody fills a mailbox."""
    return not _take(_key(f"mail {kind}", email.strip().lower()), MAILS)[1]


def _take(key: str, limit: Limit) -> tuple[int, int]:
    """Count one attempt unless the bucket is blocked: (failures so far, seconds to wait or 0); one statement."""
    now = timezone.now()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO accounts_guessbucket AS b (subject_hash, failures, failed_at, blocked_until)
            VALUES (%(key)s, 1, %(now)s, %(quiet)s)
            ON CONFLICT (subject_hash) DO UPDATE SET
                failures = CASE WHEN b.failed_at < %(quiet)s THEN 1 ELSE b.failures + 1 END,
                failed_at = %(now)s,
                blocked_until = CASE
                    WHEN b.failed_at < %(quiet)s OR b.failures + 1 < %(free)s THEN %(quiet)s
                    ELSE %(now)s + LEAST(%(first)s * power(2, LEAST(b.failures + 1 - %(free)s, 30)), %(longest)s)
                        * interval '1 second'
                    END
            WHERE b.blocked_until <= %(now)s
            RETURNING failures
            """,
            {
                "key": key,
                "now": now,
                "quiet": now - limit.forget,
                "free": limit.free,
                "first": limit.first.total_seconds(),
                "longest": limit.longest.total_seconds(),
            },
        )
        row = cursor.fetchone()
    if row:
        return row[0], 0
    return 0, _seconds_until(GuessBucket.objects.get(subject_hash=key).blocked_until, now)


def _seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, math.ceil((moment - now).total_seconds()))


def _give_back(keys: tuple[str, ...] | list[str]) -> None:
    GuessBucket.objects.filter(subject_hash__in=keys).update(
        failures=Greatest(F("failures") - 1, 0), blocked_until=timezone.now() - timedelta(minutes=1)
    )


def _key(kind: str, value: str) -> str:
    return salted_hmac(
        f"candlewright.guess.{kind}", value, secret=settings.SECRET_KEY, algorithm="sha256"
    ).hexdigest()


def _network(ip: str) -> str:
    """An IPv6 client owns its /64: the whole of it counts as one address."""
    address = ipaddress.ip_address(ip)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if address.version == 6 else str(address)
