"""Where compiled kernels are kept: one folder per state of the engine's sources.

Numba's disk cache only notices changes in the file that holds a function, not in the steps it calls from
other files, and would silently return old results. The folder's name is therefore a hash over all sources
and the versions that decide the machine code.
"""

import hashlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ENGINE_DIR = Path(__file__).resolve().parent
HASHED = (
    "indicators",
    "sim",
    "stats",
    "honesty",
    "portfolio/kernel.py",
    "sweep/crossings.py",
    "uncounted.py",
    "program/chains.py",
    "program/cohort/machine.py",
)


def sources_hash() -> str:
    """16 hex digits over every file that holds compiled functions, and the versions of what compiles them."""
    digest = hashlib.sha256()
    for package in ("numba", "llvmlite", "numpy"):
        try:
            digest.update(f"{package}={version(package)};".encode())
        except PackageNotFoundError:
            digest.update(f"{package}=none;".encode())
    digest.update(f"{sys.version_info[:2]};{platform.machine()};".encode())
    for name in HASHED:
        place = ENGINE_DIR / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(ENGINE_DIR).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def base_folder() -> Path:
    """The folder of CANDLEWRIGHT_CACHE_DIR, else the platform's usual place for caches."""
    named = os.environ.get("CANDLEWRIGHT_CACHE_DIR")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "candlewright"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "candlewright"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "candlewright"


def configure() -> None:
    """Point Numba's disk cache at the folder of these sources, unless NUMBA_CACHE_DIR already names one."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    folder = str(base_folder() / "kernels" / sources_hash())
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:  # imported by someone else first: its settings were read already
        sys.modules["numba"].config.CACHE_DIR = folder
