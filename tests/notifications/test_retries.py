"""The table of the requirements, row by row."""

from __future__ import annotations

import pytest

from apps.notifications.rules.retries import CHAT, EMAIL, PUSH, SMS, WEBHOOK, Again, after_failure


def most() -> float:
    return 1.0


@pytest.mark.parametrize(
    ("case", "policy", "tries", "provider", "providers", "options", "follows"),
    [
        ("e-mail, first retry", EMAIL, 1, 0, 2, {}, Again(1.0, 0)),
        ("e-mail, second", EMAIL, 2, 0, 2, {}, Again(2.0, 0)),
        ("e-mail, third", EMAIL, 3, 0, 2, {}, Again(4.0, 0)),
        ("e-mail, then the alternative", EMAIL, 4, 0, 2, {}, Again(0.0, 1)),
        ("e-mail, the alternative's third retry", EMAIL, 3, 1, 2, {}, Again(4.0, 1)),
        ("e-mail, nothing left", EMAIL, 4, 1, 2, {}, None),
        ("e-mail, no alternative", EMAIL, 4, 0, 1, {}, None),
        ("e-mail, refused here for good", EMAIL, 1, 0, 2, {"elsewhere": True}, Again(0.0, 1)),
        ("SMS, at once the backup", SMS, 1, 0, 2, {}, Again(0.0, 1)),
        ("SMS, the backup failed", SMS, 1, 1, 2, {}, None),
        ("push is not tried again", PUSH, 1, 0, 1, {}, None),
        ("chat backs off", CHAT, 3, 0, 1, {}, Again(8.0, 0)),
        ("chat, capped", CHAT, 6, 0, 1, {}, Again(64.0, 0)),
        ("chat, nothing left", CHAT, 7, 0, 1, {}, None),
        ("Retry-After is obeyed", CHAT, 1, 0, 1, {"retry_after_s": 30.0}, Again(30.0, 0)),
        ("but not for ever", CHAT, 1, 0, 1, {"retry_after_s": 1e9}, Again(3600.0, 0)),
        ("webhook, first", WEBHOOK, 1, 0, 1, {}, Again(5.5, 0)),
        ("webhook, slowed down", WEBHOOK, 1, 0, 1, {"slow_down": True}, Again(330.0, 0)),
        ("webhook, last pause", WEBHOOK, 9, 0, 1, {"slow_down": True}, Again(95_040.0, 0)),
        ("webhook, nothing left", WEBHOOK, 10, 0, 1, {}, None),
    ],
)
def test_what_follows_a_failure(case, policy, tries, provider, providers, options, follows):
    found = after_failure(policy, tries=tries, provider=provider, providers=providers, rand=most, **options)
    if found and follows:
        assert found.pause_s == pytest.approx(follows.pause_s), case
        assert found.provider == follows.provider, case
    else:
        assert found == follows, case


def test_full_jitter_may_be_no_pause_and_a_schedule_never_comes_early():
    assert after_failure(CHAT, tries=3, provider=0, providers=1, rand=lambda: 0.0) == Again(0.0, 0)
    assert after_failure(WEBHOOK, tries=2, provider=0, providers=1, rand=lambda: 0.0) == Again(300.0, 0)
