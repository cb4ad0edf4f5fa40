from apps.signals.api.viewsets import AlertSourceViewSet, SignalViewSet

router_entries = [
    ("signals", SignalViewSet, "signal"),
    ("alert-sources", AlertSourceViewSet, "alert-source"),
]
