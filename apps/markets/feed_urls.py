"""Pages of live feeds, below /data/feeds/."""

from django.urls import path

from apps.markets.views import feeds

app_name = "feeds"
urlpatterns = [
    path("", feeds.feed_list, name="feed-list"),
    path("new/", feeds.feed_new, name="feed-new"),
    path("<uuid:uuid>/", feeds.feed_detail, name="feed-detail"),
    path("<uuid:uuid>/chart.json", feeds.feed_chart, name="feed-chart"),
    path("<uuid:uuid>/start/", feeds.feed_start, name="feed-start"),
    path("<uuid:uuid>/stop/", feeds.feed_stop, name="feed-stop"),
    path("<uuid:uuid>/change/", feeds.feed_change, name="feed-change"),
    path("<uuid:uuid>/drop/", feeds.feed_drop, name="feed-drop"),
    path("<uuid:uuid>/delete/", feeds.feed_delete, name="feed-delete"),
]
