"""The ZIP of an export: a JSON file per table, CSV beside the large ones, the files, a README and a manifest."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import User
from apps.core.privacy import Holding, Scope
from apps.core.sheets import inert
from apps.core.words import gettext_lazy

LARGE = 1000  # rows from which a table comes as CSV too

README = gettext_lazy(
    """Your data from Candlewright
===========================

Made on {made:%Y-%m-%d %H:%M} UTC for {name}.

tables/     one JSON file per kind of thing we hold about you, named like our own tables; those with {large} rows
            and more are there as CSV too, for a spreadsheet
mentions/   what you made in workspaces that belong to others: that you did it and when, not their content
files/      pictures, imported bars and results of research, as Parquet (any data tool reads it) and JSON
manifest.json   every file above with its SHA-256, the number of rows, and what each table means in words

What is missing, and why: passwords, keys, tokens and codes are left out. Most we cannot read ourselves, since only a
hash of them is kept. The manifest names each column that was left out.

To check that nothing was damaged on the way, compare a file with its line in the manifest:  sha256sum FILE
"""
)


class Archive:
    """Writes an export into an open file; `with` closes it whole, with README and manifest."""

    def __init__(self, file: IO[bytes], user: User) -> None:
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self.user = user
        self.tables: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            now = timezone.now()
            readme = README.format(made=now, name=self.user.display_name, large=LARGE)
            self._put("README.txt", io.BytesIO(readme.encode()))
            manifest = {"made_at": now, "tables": self.tables, "files": self.files}
            self.zip.writestr("manifest.json", json.dumps(manifest, cls=DjangoJSONEncoder, indent=1))
        self.zip.close()

    def add(self, holding: Holding, scope: Scope) -> None:
        """One table: its rows, the rows of others that mention the person, and the files."""
        rows = self._table(f"tables/{holding.name}", map(_plain_row(holding), self._rows(holding, scope)))
        mentions = holding.mentioning(scope).iterator(chunk_size=2000)
        mentioned = self._table(f"mentions/{holding.name}", map(_mention(holding, scope), mentions))
        if rows or mentioned:
            self.tables.append(
                {
                    "table": holding.name,
                    "words": holding.words,
                    "rows": rows,
                    "mentions": mentioned,
                    "left_out": holding.left_out,
                }
            )

    def _rows(self, holding: Holding, scope: Scope) -> Iterator[Model]:
        paths = []
        for row in holding.rows(scope).iterator(chunk_size=2000):
            paths += holding.places(row)
            yield row
        for path in paths:
            if not path.startswith("exports/") and default_storage.exists(path):
                with default_storage.open(path, "rb") as stored:
                    self._put(f"files/{path}", stored)

    def _table(self, name: str, rows: Iterator[dict[str, Any]]) -> int:
        """Write rows as JSON, and as CSV when they are many. Returns how many; nothing is written for none."""
        count = 0
        with tempfile.TemporaryFile("w+b") as as_json, tempfile.TemporaryFile("w+b") as as_csv:
            text = io.TextIOWrapper(as_csv, "utf-8", newline="", write_through=True)
            sheet = csv.writer(text)
            for row in rows:
                line = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False, default=str)
                as_json.write((",\n" if count else "[\n").encode() + line.encode())
                if not count:
                    sheet.writerow(row)
                sheet.writerow(_cell(value) for value in row.values())
                count += 1
            if count:
                as_json.write(b"\n]\n")
                self._put(f"{name}.json", as_json)
            if count >= LARGE:
                self._put(f"{name}.csv", as_csv)
            text.detach()
        return count

    def _put(self, name: str, source: Any) -> None:
        digest, size = hashlib.sha256(), 0
        source.seek(0)
        with self.zip.open(name, "w", force_zip64=True) as target:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.files.append({"path": name, "bytes": size, "sha256": digest.hexdigest()})


def _plain_row(holding: Holding) -> Any:
    columns = [column.attname for column in holding.shown()]
    return lambda row: {name: _plain(getattr(row, name)) for name in columns}


def _mention(holding: Holding, scope: Scope) -> Any:
    """That the person did it and when, without the content, which belongs to others."""

    def mention(row: Any) -> dict[str, Any]:
        named = [name for name in holding.mentions if _id(row, name) == scope.person]
        return {
            "id": str(getattr(row, "uuid", row.pk)),
            "as": named,
            "at": getattr(row, "created_at", None),
        }

    return mention


def _id(row: Any, column: str) -> Any:
    return getattr(row, row._meta.get_field(column).attname)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(raw).decode()}
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder)
    return inert(value) if isinstance(value, str) else value  # alerts bring text of strangers
