"""What books are worth, each minute: the points of their equity curves and the peak that drawdowns count from."""

from __future__ import annotations

from django.db import connection

from apps.trading.services import statements


def mark_books() -> int:
    """Add a point to every open book whose worth has changed. Returns how many points there are more."""
    with connection.cursor() as cursor:
        cursor.execute(statements.MARK_BOOKS)
        return cursor.rowcount
