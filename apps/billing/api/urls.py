from apps.billing.api.viewsets import CreditsViewSet, LedgerViewSet

router_entries = [
    ("credits/transactions", LedgerViewSet, "credit-transactions"),
    ("credits", CreditsViewSet, "credits"),
]
