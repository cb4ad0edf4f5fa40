from django.urls import path

from apps.billing.views import usage

app_name = "usage"
urlpatterns = [path("", usage.usage, name="usage")]
