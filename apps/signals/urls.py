from django.urls import path

from apps.signals.views import alarms, feed

app_name = "signals"
urlpatterns = [
    path("", feed.feed, name="feed"),
    path("export.csv", feed.feed_export, name="feed-export"),
    path("sources/", feed.source_list, name="source-list"),
    path("sources/new/", feed.source_new, name="source-new"),
    path("sources/<uuid:uuid>/", feed.source_detail, name="source-detail"),
    path("sources/<uuid:uuid>/address/", feed.source_address, name="source-address"),
    path("sources/<uuid:uuid>/rotate/", feed.source_rotate, name="source-rotate"),
    path("sources/<uuid:uuid>/rename/", feed.source_rename, name="source-rename"),
    path("sources/<uuid:uuid>/switch/", feed.source_switch, name="source-switch"),
    path("sources/<uuid:uuid>/test/", feed.source_test, name="source-test"),
    path("deliveries/<uuid:uuid>/", feed.delivery_detail, name="delivery-detail"),
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
