"""Result files on storage."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable

import polars as pl
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


def parquet_bytes(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def store(path: str, content: bytes) -> str:
    """Write a file under exactly this name; what a killed attempt left there is replaced."""
    default_storage.delete(path)
    return default_storage.save(path, ContentFile(content))


def delete_files(paths: Iterable[str]) -> None:
    """Remove result files; those that are gone already are fine."""
    for path in filter(None, paths):
        default_storage.delete(path)


def delete_folder(path: str) -> None:
    """Remove every file below a path of storage, what killed attempts left included."""
    try:
        folders, files = default_storage.listdir(path)
    except FileNotFoundError:
        return
    for name in folders:
        delete_folder(f"{path}/{name}")
    for name in files:
        default_storage.delete(f"{path}/{name}")
