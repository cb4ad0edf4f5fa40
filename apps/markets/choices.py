"""Fixed words of the markets room."""

from django.db.models import TextChoices

from apps.core.words import gettext_lazy


class AssetClass(TextChoices):
    STOCK = "stock", gettext_lazy("Stock")
    CRYPTO = "crypto", gettext_lazy("Crypto")
    FOREX = "forex", gettext_lazy("Currency pair")
    FUTURE = "future", gettext_lazy("Future")
    INDEX = "index", gettext_lazy("Index")
    OTHER = "other", gettext_lazy("Other")


class FeedProvider(TextChoices):
    REPLAY = "replay", gettext_lazy("Replay of stored bars")
    CCXT = "ccxt", gettext_lazy("Exchange (CCXT)")
    CSV_DROP = "csv_drop", gettext_lazy("Files dropped")


class FeedState(TextChoices):
    """What is known of a feed's bars. Bots run while they come, late ones included; from stale on they pause."""

    IDLE = "idle", gettext_lazy("Idle")
    RUNNING = "running", gettext_lazy("Running")
    LATE = "late", gettext_lazy("Late")
    STALE = "stale", gettext_lazy("Stale")
    ENDED = "ended", gettext_lazy("Ended")
    FAILED = "failed", gettext_lazy("Failed")


# States in which bars can be relied on
FRESH = (FeedState.RUNNING, FeedState.LATE)
