"""Fixed words of the markets room."""

from django.db.models import TextChoices


class AssetClass(TextChoices):
    STOCK = "stock", "Stock"
    CRYPTO = "crypto", "Crypto"
    FOREX = "forex", "Currency pair"
    FUTURE = "future", "Future"
    INDEX = "index", "Index"
    OTHER = "other", "Other"


class FeedProvider(TextChoices):
    REPLAY = "replay", "Replay of stored bars"
    CCXT = "ccxt", "Exchange (CCXT)"
    CSV_DROP = "csv_drop", "Files dropped"


class FeedState(TextChoices):
    """What is known of a feed's bars. Bots run while they come, late ones included; from stale on they pause."""

    IDLE = "idle", "Idle"
    RUNNING = "running", "Running"
    LATE = "late", "Late"
    STALE = "stale", "Stale"
    ENDED = "ended", "Ended"
    FAILED = "failed", "Failed"


# States in which bars can be relied on
FRESH = (FeedState.RUNNING, FeedState.LATE)
