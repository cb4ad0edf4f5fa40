"""Files on storage that must not outlive a failed transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.storage import default_storage


@contextmanager
def removed_on_error(paths: list[str]) -> Iterator[None]:
    """Delete the files when the block raises: what no row points at must not stay."""
    try:
        yield
    except BaseException:
        for path in paths:
            default_storage.delete(path)
        raise
