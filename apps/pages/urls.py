from django.urls import path

from apps.pages.views import catalogue, first_run, home, journal, receipt, search, visit

app_name = "pages"
urlpatterns = [
    path("", home.landing, name="landing"),
    path("picture/", home.picture, name="picture"),
    path("demo/", visit.visit, name="visit"),
    path("demo/leave/", visit.visit_end, name="visit-end"),
    path("dashboard/", home.dashboard, name="dashboard"),
    path("dashboard/now/", home.dashboard_now, name="dashboard-now"),
    path("dashboard/signals/", home.dashboard_signals, name="dashboard-signals"),
    path("start/", first_run.start, name="start"),
    path("start/pick/", first_run.start_pick, name="start-pick"),
    path("start/paper/", first_run.start_paper, name="start-paper"),
    path("start/skip/", first_run.start_skip, name="start-skip"),
    path("search/", search.results, name="search"),
    path("activity/", journal.activity, name="activity"),
    path("settings/workspace/journal/", journal.journal, name="journal"),
    path("settings/workspace/journal/export.<str:form>", journal.journal_export, name="journal-export"),
    path("settings/workspace/journal/verify/", journal.journal_verify, name="journal-verify"),
    path("settings/workspace/journal/<uuid:uuid>/", journal.journal_entry, name="journal-entry"),
    path("settings/workspace/receipt/", receipt.receipt, name="receipt"),
    path("design/", catalogue.design, name="design"),
]
