from django.urls import path

from apps.markets.views import catalogue as views

app_name = "markets"
urlpatterns = [
    path("", views.instrument_list, name="instrument-list"),
    path("import/", views.bars_import, name="bars-import"),
    path("<uuid:uuid>/", views.instrument_detail, name="instrument-detail"),
    path("<uuid:uuid>/edit/", views.instrument_edit, name="instrument-edit"),
    path("bars/<uuid:uuid>/chart.json", views.bars_chart, name="bars-chart"),
    path("bars/<uuid:uuid>/export.csv", views.bars_export, name="bars-export"),
    path("bars/<uuid:uuid>/delete/", views.bars_delete, name="bars-delete"),
]
