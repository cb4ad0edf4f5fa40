"""What a symbol may be, and how large an upload."""

from __future__ import annotations

import re

from django.utils.translation import gettext

from apps.core.manner import written
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
            gettext(
                "The file has {value:.0f} MB, and an upload at most {max_upload_mb} MB. Cut it in two, or give it "
                "as Parquet, which is smaller."
            ).format(value=written(size / 1024 / 1024), max_upload_mb=MAX_UPLOAD_MB),
            field="file",
        )
