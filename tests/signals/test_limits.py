"""Token buckets over a clock of our own."""

from __future__ import annotations

from apps.signals.intake.limits import RateLimiter


def test_a_minutes_worth_at_once_then_one_per_refill():
    now = 100.0
    limiter = RateLimiter(lambda: now)
    assert [limiter.take("a", per_minute=6) for _ in range(7)] == [0, 0, 0, 0, 0, 0, 10]
    assert limiter.take("b", per_minute=6) == 0  # another sender is not touched
    now += 9.0
    assert limiter.take("a", per_minute=6) == 1
    now += 1.5
    assert limiter.take("a", per_minute=6) == 0
    assert limiter.take("a", per_minute=6) == 10


def test_a_long_pause_saves_up_no_more_than_a_minutes_worth():
    now = 0.0
    limiter = RateLimiter(lambda: now)
    limiter.take("a", per_minute=2)
    now += 3600
    assert [limiter.take("a", per_minute=2) for _ in range(3)] == [0, 0, 30]
