"""A cache whose loss is only a miss: when Redis is away, pages and API answer without it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = structlog.get_logger(__name__)


def _forgiving(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    original = getattr(RedisCache, name)

    @wraps(original)
    def method(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        except RedisError as error:
            log.warning("cache_lost", operation=name, error=str(error))
            return answer(*args, **kwargs)

    return method


class ForgivingRedisCache(RedisCache):
    """Reads find nothing and writes are forgotten while Redis is away; rate limits then let requests pass."""

    get = _forgiving("get", lambda key, default=None, version=None: default)
    get_many = _forgiving("get_many", lambda *args, **kwargs: {})
    has_key = _forgiving("has_key", lambda *args, **kwargs: False)
    add = _forgiving("add", lambda *args, **kwargs: True)
    set = _forgiving("set", lambda *args, **kwargs: None)
    set_many = _forgiving("set_many", lambda *args, **kwargs: [])
    touch = _forgiving("touch", lambda *args, **kwargs: False)
    delete = _forgiving("delete", lambda *args, **kwargs: False)
    delete_many = _forgiving("delete_many", lambda *args, **kwargs: None)

    def clear(self) -> None:
        """Forget what begins with our prefix; Django's would empty the database that queues and channels share."""
        try:
            client = self._cache.get_client(None, write=True)
            if keys := list(client.scan_iter(match=f"{self.key_prefix}:*", count=1000)):
                client.unlink(*keys)
        except RedisError as error:
            log.warning("cache_lost", operation="clear", error=str(error))
