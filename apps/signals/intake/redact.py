"""Keeps tokens out of the access log: the address of a hook is its secret."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(/hooks/[a-z]+/)[^/?\s]+")


class RedactTokens(logging.Filter):
    """Rewrites the arguments of uvicorn's and gunicorn's access records."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _TOKEN.sub(r"\1[token]", arg) if isinstance(arg, str) else arg for arg in record.args
            )
        elif isinstance(record.args, dict):
            record.args = {
                name: _TOKEN.sub(r"\1[token]", arg) if isinstance(arg, str) else arg
                for name, arg in record.args.items()
            }
        return True


def redact_access_logs() -> None:
    """Filter both servers' access loggers; doing it twice changes nothing."""
    for name in ("uvicorn.access", "gunicorn.access"):
        logger = logging.getLogger(name)
        if not any(isinstance(existing, RedactTokens) for existing in logger.filters):
            logger.addFilter(RedactTokens())
