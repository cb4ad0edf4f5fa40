from django.urls import path

from apps.signals.views import feed

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
    path("<uuid:uuid>/", feed.signal_detail, name="signal-detail"),
]
