"""Memory for columns, used again: pages fresh from the system cost more than most operators take to fill them."""

import sys
from threading import Lock

import numpy as np

SMALLEST = 1 << 18  # smaller ones the allocator keeps by itself
MOST_KEPT = 64 << 20


class Buffers:
    """Columns whose memory returns by itself once nobody holds them, nor any view of them.

    Keeps at most `limit` bytes, in use or not; what goes beyond is memory like any other. Safe for many threads.
    """

    def __init__(self, limit: int = MOST_KEPT) -> None:
        self._limit = limit
        self._lock = Lock()
        self._kept: list[np.ndarray] = [np.empty(0, np.uint8)]
        self._free = sys.getrefcount(self._kept[0])  # references to an owner that only the list holds
        self._kept.clear()

    def empty(self, size: int, kind: type) -> np.ndarray:
        """An array of `size` values of dtype `kind`, their contents arbitrary."""
        count = size * np.dtype(kind).itemsize
        if count < SMALLEST:
            return np.empty(size, kind)
        with self._lock:
            for i in range(len(self._kept)):
                # each column is a view, and a view of a view refers to the owner too: so the count tells
                if self._kept[i].nbytes == count and sys.getrefcount(self._kept[i]) == self._free:
                    return self._kept[i].view(kind)
            owner = np.empty(count, np.uint8)
            self._make_room(count)
            if sum(kept.nbytes for kept in self._kept) + count <= self._limit:
                self._kept.append(owner)
            return owner.view(kind)

    def release(self) -> None:
        """Give the memory of all buffers that nobody holds back to the system."""
        with self._lock:
            for i in reversed(range(len(self._kept))):
                if sys.getrefcount(self._kept[i]) == self._free:
                    del self._kept[i]

    def _make_room(self, count: int) -> None:
        """Let go of free buffers of other sizes, the oldest first, while this one does not fit."""
        total = sum(kept.nbytes for kept in self._kept) + count
        i = 0
        while total > self._limit and i < len(self._kept):
            if sys.getrefcount(self._kept[i]) == self._free:
                total -= self._kept[i].nbytes
                del self._kept[i]
            else:
                i += 1


BUFFERS = Buffers()
