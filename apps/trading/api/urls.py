from apps.trading.api.accounts import AccountViewSet, DiscrepancyViewSet, ExchangeViewSet
from apps.trading.api.risk import KillSwitchViewSet, RiskLimitsViewSet
from apps.trading.api.viewsets import (
    BookViewSet,
    FillViewSet,
    LotViewSet,
    OrderViewSet,
    PortfolioViewSet,
    PositionViewSet,
)

router_entries = [
    ("trading/exchanges", ExchangeViewSet, "exchange"),
    ("trading/accounts", AccountViewSet, "trading-account"),
    ("trading/discrepancies", DiscrepancyViewSet, "discrepancy"),
    ("trading/orders", OrderViewSet, "order"),
    ("trading/fills", FillViewSet, "fill"),
    ("trading/books", BookViewSet, "book"),
    ("trading/positions", PositionViewSet, "position"),
    ("trading/portfolio", PortfolioViewSet, "trading-portfolio"),
    ("trading/lots", LotViewSet, "lot"),
    ("trading/limits", RiskLimitsViewSet, "risk-limits"),
    ("trading/kill-switches", KillSwitchViewSet, "kill-switch"),
]
