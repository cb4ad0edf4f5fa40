from django.urls import path

from apps.signals.views import record

app_name = "verify"
urlpatterns = [
    path("verify_signals.py", record.verifier, name="script"),
    path("<slug:slug>/", record.public_record, name="record"),
    path("<slug:slug>/chain.jsonl", record.public_chain_file, name="chain"),
    path("<slug:slug>/days.json", record.public_days_file, name="days"),
]
