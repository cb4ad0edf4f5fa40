"""What may be, without a database."""

from apps.markets.rules.uploads import MAX_UPLOAD_MB, SYMBOL_PATTERN, check_upload_size, clean_symbol

__all__ = ["MAX_UPLOAD_MB", "SYMBOL_PATTERN", "check_upload_size", "clean_symbol"]
