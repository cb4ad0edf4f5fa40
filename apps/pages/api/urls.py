from apps.pages.api.receipts import ReceiptViewSet
from apps.pages.api.viewsets import JournalViewSet

router_entries = [("receipts", ReceiptViewSet, "receipts"), ("journal", JournalViewSet, "journal")]
