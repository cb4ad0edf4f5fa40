"""Fixed words of the markets room."""

from django.db.models import TextChoices


class AssetClass(TextChoices):
    STOCK = "stock", "Stock"
    CRYPTO = "crypto", "Crypto"
    FOREX = "forex", "Currency pair"
    FUTURE = "future", "Future"
    INDEX = "index", "Index"
    OTHER = "other", "Other"
