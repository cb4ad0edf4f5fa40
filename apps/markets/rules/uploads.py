"""What a symbol may be, and how large an upload."""

from __future__ import annotations

import re

from apps.markets.errors import SymbolInvalid, UploadTooLarge

SYMBOL_PATTERN = r"^[A-Za-z0-9._:/\-^=]{1,40}$"
MAX_UPLOAD_MB = 200


def clean_symbol(text: str) -> str:
    """The symbol in capitals, without spaces around it. Raises SymbolInvalid."""
    symbol = text.strip()
    if not re.fullmatch(SYMBOL_PATTERN, symbol):
        raise SymbolInvalid(text)
    return symbol.upper()


def check_upload_size(size: int | None) -> None:
    """Raises UploadTooLarge. Files on the server itself have no limit: `manage.py bars import`."""
    if size is not None and size > MAX_UPLOAD_MB * 1024 * 1024:
        raise UploadTooLarge(
            f"The file has {size / 1024 / 1024:.0f} MB, and an upload at most {MAX_UPLOAD_MB} MB. "
            "Cut it in two, or give it as Parquet, which is smaller.",
            field="file",
        )
