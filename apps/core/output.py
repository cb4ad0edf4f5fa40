"""Where a command's result goes: a file that is written whole or not at all, or standard output."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def write_whole(name: str, data: bytes) -> None:
    """Write all of `data` or nothing: beside the file first, then in its place. Raises OSError.

    A link's target is written, not the link replaced; a device or a pipe, which has no place to take, is written to.
    """
    path = Path(os.path.realpath(name))
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        with path.open("wb", buffering=0) as stream:
            _write_all(stream.fileno(), data)
        return
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # as open() would have made it
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
