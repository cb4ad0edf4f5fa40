from django.urls import path

from apps.signals import views

app_name = "signals"
urlpatterns = [
    path("", views.feed, name="feed"),
    path("export.csv", views.feed_export, name="feed-export"),
    path("sources/", views.source_list, name="source-list"),
    path("sources/new/", views.source_new, name="source-new"),
    path("sources/<uuid:uuid>/", views.source_detail, name="source-detail"),
    path("sources/<uuid:uuid>/address/", views.source_address, name="source-address"),
    path("sources/<uuid:uuid>/rotate/", views.source_rotate, name="source-rotate"),
    path("sources/<uuid:uuid>/rename/", views.source_rename, name="source-rename"),
    path("sources/<uuid:uuid>/switch/", views.source_switch, name="source-switch"),
    path("sources/<uuid:uuid>/test/", views.source_test, name="source-test"),
    path("deliveries/<uuid:uuid>/", views.delivery_detail, name="delivery-detail"),
    path("<uuid:uuid>/", views.signal_detail, name="signal-detail"),
]
