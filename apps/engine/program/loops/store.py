"""Compiled loops on disk: one source file per shape, beside which Numba keeps the machine code.

The files of sources are never run: a source is written anew from the shape each time, and its file is there because
Numba names and dates machine code by the file that a function comes from. What the file holds is compared with what
it must hold, and replaced where it differs. Machine code is only read from folders that nobody else can write to.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Protocol

import numba
from numba import types

from apps.engine.generate.loop import Shape, loop_source

MOST_KEPT = 256  # shapes on disk; those not used for longest go first
WRITTEN_AT = (
    1_000_000_000 * 10**9
)  # every file's date in ns, so that processes that write one at once agree on it


class Loop(Protocol):
    """A loop as Numba's dispatcher; its arguments are those of `loop_source`."""

    __module__: str
    py_func: FunctionType
    stats: Any  # of Numba: where machine code is kept, how often it was found there

    def __call__(self, *arguments: object) -> None: ...
    def compile(self, signature: object) -> object: ...
    def disable_compile(self) -> None: ...


_TYPES = {"f": types.float64, "b": types.boolean}


class Store:
    """The loops in one folder."""

    def __init__(self, folder: Path, most_kept: int = MOST_KEPT) -> None:
        self.folder = folder
        self.most_kept = most_kept

    def has(self, shape: Shape) -> bool:
        """Whether machine code of this shape lies ready."""
        name, source = _named(shape)
        path = self.folder / f"{name}.py"
        with suppress(OSError, RuntimeError):
            if path.is_file() and _is_private(self.folder):
                code = _code_folder(_function(name, source, path))
                return code.is_dir() and _is_private(code) and any(code.glob(f"{name}.*.nbc"))
        return False

    def compile(self, shape: Shape) -> Loop:
        """The loop of `shape`: from the disk where it lies ready, else compiled, and kept there where that is safe."""
        name, source = _named(shape)
        signature = _signature(shape)
        with suppress(OSError, RuntimeError):
            path = self._write(name, source)
            kept = _function(name, source, path)
            # Numba looks for the module of a function whose machine code it reads
            module = sys.modules[kept.__module__] = ModuleType(kept.__module__)
            module.__dict__.update(kept.py_func.__globals__)
            code = _code_folder(kept)
            code.mkdir(0o700, parents=True, exist_ok=True)
            if not _is_private(code):
                raise PermissionError(code)
            try:
                kept.compile(signature)
            except Exception:  # damaged machine code: what Numba raises then is not defined
                _remove_code(code, name)
                kept = _function(name, source, path)
                kept.compile(signature)
            kept.disable_compile()
            self._make_room(code)
            return kept
        alone = _function(name, source, None)
        alone.compile(signature)
        alone.disable_compile()
        return alone

    def _write(self, name: str, source: str) -> Path:
        """The source's file, as it must be. Raises OSError where the folder cannot be used, or others may write."""
        self.folder.mkdir(0o700, parents=True, exist_ok=True)
        if not _is_private(self.folder):
            raise PermissionError(self.folder)
        path = self.folder / f"{name}.py"
        text = source.encode()
        if path.is_symlink() or not path.is_file() or path.read_bytes() != text:
            handle, fresh = tempfile.mkstemp(dir=self.folder, prefix=f".{name}.")
            with os.fdopen(handle, "wb") as file:
                file.write(text)
            os.utime(fresh, ns=(time.time_ns(), WRITTEN_AT))
            os.replace(fresh, path)
        else:
            os.utime(path, ns=(time.time_ns(), WRITTEN_AT))
        return path

    def _make_room(self, code: Path) -> None:
        """Remove the shapes that were not used for longest, beyond the bound."""
        used = []
        for path in self.folder.glob("loop_*.py"):
            with suppress(OSError):  # another process may be removing it
                used.append((path.stat().st_atime_ns, path))
        for _, path in sorted(used, reverse=True)[self.most_kept :]:
            path.unlink(missing_ok=True)
            _remove_code(code, path.stem)


def _named(shape: Shape) -> tuple[str, str]:
    """The name of the shape's function and file, by the hash of its source; and the source."""
    mark = hashlib.sha256(loop_source(shape, "loop").encode()).hexdigest()[:32]
    name = f"loop_{mark}"
    return name, loop_source(shape, name)


def _function(name: str, source: str, path: Path | None) -> Loop:
    """The function as Numba's dispatcher, not yet compiled. Raises RuntimeError where Numba cannot cache it."""
    space: dict[str, Any] = {"__name__": f"apps.engine.program.loops.{name}"}
    exec(compile(source, str(path or f"<{name}>"), "exec"), space)  # noqa: S102 - written by `loop_source` just now
    loop: Any = numba.njit(cache=path is not None, nogil=True)(space[name])
    return loop  # type: ignore[no-any-return]


def _code_folder(function: Loop) -> Path:
    return Path(function.stats.cache_path)


def _signature(shape: Shape) -> object:
    numbers = types.float64[::1]
    columns = [_TYPES[kind][::1] for kind in shape.columns]
    written = [_TYPES[shape.kind(place)][::1] for place in shape.written]
    return types.void(types.int64, numbers, types.int64[::1], numbers, *columns, *written)


def _is_private(folder: Path) -> bool:
    """Whether `folder` is one of ours that nobody else can write to."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)


def _remove_code(folder: Path, name: str) -> None:
    for path in folder.glob(f"{name}.*"):
        path.unlink(missing_ok=True)
