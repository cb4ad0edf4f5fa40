from apps.markets.api.feeds import FeedViewSet
from apps.markets.api.viewsets import BarSetViewSet, InstrumentViewSet

router_entries = [
    ("instruments", InstrumentViewSet, "instrument"),
    ("bars", BarSetViewSet, "bars"),
    ("feeds", FeedViewSet, "feed"),
]
