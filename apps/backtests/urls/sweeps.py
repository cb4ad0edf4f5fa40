"""Addresses of sweeps."""

from django.urls import path, re_path

from apps.backtests.views import sweeps as views

urlpatterns = [
    path("sweeps/", views.sweep_list, name="sweep-list"),
    path("sweeps/new/<uuid:formula>/", views.sweep_new, name="sweep-new"),
    path("sweeps/new/<uuid:formula>/count/", views.sweep_count, name="sweep-count"),
    path("sweeps/<uuid:uuid>/", views.sweep_detail, name="sweep-detail"),
    path("sweeps/<uuid:uuid>/status/", views.sweep_status, name="sweep-status"),
    path("sweeps/<uuid:uuid>/cells/", views.sweep_cells, name="sweep-cells"),
    path("sweeps/<uuid:uuid>/cells/<int:number>/open/", views.sweep_open, name="sweep-open"),
    path("sweeps/<uuid:uuid>/heat.json", views.sweep_heat, name="sweep-heat"),
    path("sweeps/<uuid:uuid>/parallel.json", views.sweep_parallel, name="sweep-parallel"),
    re_path(
        r"^sweeps/(?P<uuid>[0-9a-f-]{36})/(?P<what>cells\.csv|cells\.parquet|result\.json)$",
        views.sweep_export,
        name="sweep-export",
    ),
    path("sweeps/<uuid:uuid>/cancel/", views.sweep_cancel, name="sweep-cancel"),
    path("sweeps/<uuid:uuid>/delete/", views.sweep_delete, name="sweep-delete"),
]
