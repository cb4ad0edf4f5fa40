"""Addresses of walk-forwards."""

from django.urls import path, re_path

from apps.backtests.views import walk_forwards as views

urlpatterns = [
    path("walk-forwards/", views.walk_forward_list, name="walk-forward-list"),
    path("walk-forwards/new/<uuid:formula>/", views.walk_forward_new, name="walk-forward-new"),
    path(
        "walk-forwards/new/<uuid:formula>/preview/", views.walk_forward_preview, name="walk-forward-preview"
    ),
    path("walk-forwards/<uuid:uuid>/", views.walk_forward_detail, name="walk-forward-detail"),
    path("walk-forwards/<uuid:uuid>/status/", views.walk_forward_status, name="walk-forward-status"),
    path("walk-forwards/<uuid:uuid>/trades/", views.walk_forward_trades, name="walk-forward-trades"),
    path(
        "walk-forwards/<uuid:uuid>/folds/<int:number>/open/",
        views.walk_forward_open,
        name="walk-forward-open",
    ),
    re_path(
        r"^walk-forwards/(?P<uuid>[0-9a-f-]{36})/charts/(?P<chart>equity|drawdown)\.json$",
        views.walk_forward_chart,
        name="walk-forward-chart",
    ),
    re_path(
        r"^walk-forwards/(?P<uuid>[0-9a-f-]{36})/"
        r"(?P<what>trades\.csv|equity\.csv|trades\.parquet|equity\.parquet|result\.json)$",
        views.walk_forward_export,
        name="walk-forward-export",
    ),
    path("walk-forwards/<uuid:uuid>/cancel/", views.walk_forward_cancel, name="walk-forward-cancel"),
    path("walk-forwards/<uuid:uuid>/delete/", views.walk_forward_delete, name="walk-forward-delete"),
]
