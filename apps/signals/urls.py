from django.urls import path

from apps.signals.views import alarms, deliveries, feed, guards, sources

app_name = "signals"
urlpatterns = [
    path("", feed.feed, name="feed"),
    path("export.csv", feed.feed_export, name="feed-export"),
    path("sources/", sources.source_list, name="source-list"),
    path("sources/new/", sources.source_new, name="source-new"),
    path("sources/<uuid:uuid>/", sources.source_detail, name="source-detail"),
    path("sources/<uuid:uuid>/address/", sources.source_address, name="source-address"),
    path("sources/<uuid:uuid>/rotate/", sources.source_rotate, name="source-rotate"),
    path("sources/<uuid:uuid>/rename/", sources.source_rename, name="source-rename"),
    path("sources/<uuid:uuid>/switch/", sources.source_switch, name="source-switch"),
    path("sources/<uuid:uuid>/test/", sources.source_test, name="source-test"),
    path("sources/<uuid:uuid>/guards/", guards.source_guards, name="source-guards"),
    path("sources/<uuid:uuid>/signing/", guards.source_signing, name="source-signing"),
    path("sources/<uuid:uuid>/text/", guards.source_text, name="source-text"),
    path("sources/<uuid:uuid>/deliveries.csv", deliveries.delivery_export, name="delivery-export"),
    path("sources/<uuid:uuid>/replay/", deliveries.source_replay, name="source-replay"),
    path("deliveries/<uuid:uuid>/", deliveries.delivery_detail, name="delivery-detail"),
    path("deliveries/<uuid:uuid>/replay/", deliveries.delivery_replay, name="delivery-replay"),
    path("replays/<uuid:uuid>/", deliveries.replay, name="replay"),
    path("alarms/", alarms.alarm_list, name="alarm-list"),
    path("alarms/new/", alarms.alarm_new, name="alarm-new"),
    path("alarms/forecast/", alarms.alarm_forecast, name="alarm-forecast"),
    path("alarms/<uuid:uuid>/", alarms.alarm_detail, name="alarm-detail"),
    path("alarms/<uuid:uuid>/edit/", alarms.alarm_edit, name="alarm-edit"),
    path("alarms/<uuid:uuid>/mute/", alarms.alarm_mute, name="alarm-mute"),
    path("alarms/<uuid:uuid>/switch/", alarms.alarm_switch, name="alarm-switch"),
    path("alarms/<uuid:uuid>/test/", alarms.alarm_test, name="alarm-test"),
    path("alarms/<uuid:uuid>/delete/", alarms.alarm_delete, name="alarm-delete"),
    path("<uuid:uuid>/", feed.signal_detail, name="signal-detail"),
]
