from apps.markets.api.viewsets import BarSetViewSet, InstrumentViewSet

router_entries = [("instruments", InstrumentViewSet, "instrument"), ("bars", BarSetViewSet, "bars")]
