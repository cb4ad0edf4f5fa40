from django.urls import path

from apps.pages.views import home, journal, receipt

app_name = "pages"
urlpatterns = [
    path("", home.landing, name="landing"),
    path("dashboard/", home.dashboard, name="dashboard"),
    path("activity/", journal.activity, name="activity"),
    path("settings/workspace/journal/", journal.journal, name="journal"),
    path("settings/workspace/journal/export.<str:form>", journal.journal_export, name="journal-export"),
    path("settings/workspace/journal/verify/", journal.journal_verify, name="journal-verify"),
    path("settings/workspace/journal/<uuid:uuid>/", journal.journal_entry, name="journal-entry"),
    path("settings/workspace/receipt/", receipt.receipt, name="receipt"),
    path("design/", home.design, name="design"),
]
