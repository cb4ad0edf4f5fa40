"""The cache keeps to its own keys in a Redis it shares."""

import redis
from django.conf import settings
from django.core.cache import cache


def test_clearing_it_leaves_what_others_keep_there():
    shared = redis.Redis.from_url(settings.REDIS_URL)
    cache.set("ours", 1)
    shared.rpush("a-queue-of-jobs", "a job")
    try:
        cache.clear()
        assert cache.get("ours") is None
        assert shared.llen("a-queue-of-jobs") == 1
    finally:
        shared.delete("a-queue-of-jobs")
