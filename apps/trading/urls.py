from django.urls import path, re_path

from apps.trading.views import accounts, orders, portfolio, risk

app_name = "trading"
urlpatterns = [
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/lots/", portfolio.portfolio_lots, name="portfolio-lots"),
    path(
        "portfolio/charts/equity.json",
        portfolio.portfolio_curve,
        {"chart": "equity"},
        name="portfolio-equity",
    ),
    path(
        "portfolio/charts/drawdown.json",
        portfolio.portfolio_curve,
        {"chart": "drawdown"},
        name="portfolio-drawdown",
    ),
    path("portfolio/charts/days.json", portfolio.portfolio_curve, {"chart": "days"}, name="portfolio-days"),
    re_path(
        r"^portfolio/(?P<what>positions|fills|days|bots|instruments|ledger)\.csv$",
        portfolio.portfolio_export,
        name="portfolio-export",
    ),
    path("trading/accounts/", accounts.account_list, name="account-list"),
    path("trading/accounts/connect/", accounts.account_connect, name="account-connect"),
    path("trading/accounts/<uuid:uuid>/", accounts.account_detail, name="account-detail"),
    path(
        "trading/accounts/<uuid:uuid>/differences/",
        accounts.account_differences,
        name="account-differences",
    ),
    path("trading/accounts/<uuid:uuid>/keys/", accounts.account_keys, name="account-keys"),
    path("trading/accounts/<uuid:uuid>/check/", accounts.account_check, name="account-check"),
    path("trading/accounts/<uuid:uuid>/freeze/", accounts.account_freeze, name="account-freeze"),
    path("trading/accounts/<uuid:uuid>/unfreeze/", accounts.account_unfreeze, name="account-unfreeze"),
    path(
        "trading/discrepancies/<uuid:uuid>/resolve/", accounts.discrepancy_resolve, name="discrepancy-resolve"
    ),
    path("trading/orders/", orders.order_list, name="order-list"),
    path("trading/orders/refused/", orders.refused_list, name="refused-list"),
    path("trading/orders/<uuid:uuid>/", orders.order_detail, name="order-detail"),
    path("trading/orders/<uuid:uuid>/cancel/", orders.order_cancel, name="order-cancel"),
    path("trading/limits/", risk.limits, name="limits"),
    path("trading/limits/accounts/<uuid:uuid>/", risk.account_limits, name="account-limits"),
    path("trading/limits/books/<uuid:uuid>/", risk.book_limits, name="book-limits"),
    path("trading/switches/", risk.switch_list, name="switch-list"),
    path("trading/switches/lifted/", risk.switches_lifted, name="switches-lifted"),
    path("trading/switches/throw/", risk.switch_throw, name="switch-throw"),
    path("trading/switches/<uuid:uuid>/lift/", risk.switch_lift, name="switch-lift"),
]
