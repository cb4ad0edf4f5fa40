from apps.signals.api.alarms import AlarmViewSet
from apps.signals.api.viewsets import AlertSourceViewSet, SignalViewSet

router_entries = [
    ("alarms", AlarmViewSet, "alarm"),
    ("signals", SignalViewSet, "signal"),
    ("alert-sources", AlertSourceViewSet, "alert-source"),
]
