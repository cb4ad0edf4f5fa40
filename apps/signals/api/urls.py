from apps.signals.api.alarms import AlarmViewSet
from apps.signals.api.alerts import AlertViewSet
from apps.signals.api.ut_bots import UtBotViewSet
from apps.signals.api.viewsets import AlertSourceViewSet, SignalViewSet

router_entries = [
    ("alerts", AlertViewSet, "alert"),
    ("alarms", AlarmViewSet, "alarm"),
    ("ut-bots", UtBotViewSet, "ut-bot"),
    ("signals", SignalViewSet, "signal"),
    ("alert-sources", AlertSourceViewSet, "alert-source"),
]
