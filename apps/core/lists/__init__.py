"""Lists of pages: what is asked in the address, one page of rows by their key, a file of them, acts on many."""

from apps.core.lists.asked import Asked, Chip, views_from
from apps.core.lists.listing import (
    NEWEST,
    Act,
    Column,
    Filter,
    Listing,
    Sort,
    day,
    named,
    offered,
    pick,
    words,
)

__all__ = [
    "NEWEST",
    "Act",
    "Asked",
    "Chip",
    "Column",
    "Filter",
    "Listing",
    "Sort",
    "day",
    "named",
    "offered",
    "pick",
    "views_from",
    "words",
]
