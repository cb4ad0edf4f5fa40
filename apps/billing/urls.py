from django.urls import path

from apps.billing.views import credits

app_name = "billing"
urlpatterns = [
    path("", credits.credits, name="credits"),
    path("statement.csv", credits.statement, name="statement"),
]
