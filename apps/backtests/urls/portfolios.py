"""Addresses of portfolios."""

from django.urls import path, re_path

from apps.backtests.views import portfolios as views

urlpatterns = [
    path("portfolios/", views.portfolio_list, name="portfolio-list"),
    path("portfolios/new/", views.portfolio_new, name="portfolio-new"),
    path("portfolios/new/legs/", views.portfolio_legs, name="portfolio-legs"),
    path("portfolios/<uuid:uuid>/", views.portfolio_detail, name="portfolio-detail"),
    path("portfolios/<uuid:uuid>/status/", views.portfolio_status, name="portfolio-status"),
    path("portfolios/<uuid:uuid>/trades/", views.portfolio_trades, name="portfolio-trades"),
    re_path(
        r"^portfolios/(?P<uuid>[0-9a-f-]{36})/charts/(?P<chart>equity|drawdown|shares|contribution)\.json$",
        views.portfolio_chart,
        name="portfolio-chart",
    ),
    re_path(
        r"^portfolios/(?P<uuid>[0-9a-f-]{36})/(?P<what>trades\.csv|equity\.csv|daily\.csv|"
        r"trades\.parquet|equity\.parquet|daily\.parquet|result\.json)$",
        views.portfolio_export,
        name="portfolio-export",
    ),
    path("portfolios/<uuid:uuid>/cancel/", views.portfolio_cancel, name="portfolio-cancel"),
    path("portfolios/<uuid:uuid>/delete/", views.portfolio_delete, name="portfolio-delete"),
]
