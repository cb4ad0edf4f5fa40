"""Addresses below /bots/."""

from django.urls import path, re_path

from apps.bots.views import bots as views
from apps.bots.views import versions

app_name = "bots"
UUID = r"(?P<uuid>[0-9a-f-]{36})"
urlpatterns = [
    path("", views.bot_list, name="bot-list"),
    path("new/<uuid:formula>/", views.bot_new, name="bot-new"),
    path("<uuid:uuid>/", views.bot_detail, name="bot-detail"),
    path("<uuid:uuid>/edit/", views.bot_edit, name="bot-edit"),
    path("<uuid:uuid>/life/", views.bot_life, name="bot-life"),
    path("<uuid:uuid>/stop/", views.bot_stop, name="bot-stop"),
    path("<uuid:uuid>/clone/", views.bot_clone, name="bot-clone"),
    path("<uuid:uuid>/try-version/", versions.bot_try, name="bot-try"),
    path("<uuid:uuid>/decide-version/", versions.bot_decide, name="bot-decide"),
    path("<uuid:uuid>/delete/", views.bot_delete, name="bot-delete"),
    path("<uuid:uuid>/journal.json", views.bot_journal_export, name="bot-journal"),
    path("<uuid:uuid>/decisions/<int:number>/", views.bot_decision, name="bot-decision"),
    re_path(rf"^{UUID}/(?P<act>deploy|pause|resume|archive|restore)/$", views.bot_act, name="bot-act"),
    re_path(rf"^{UUID}/charts/(?P<chart>price|equity|drawdown)\.json$", views.bot_chart, name="bot-chart"),
]
