from django.urls import path

from apps.pages import views

app_name = "pages"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("activity/", views.activity, name="activity"),
    path("design/", views.design, name="design"),
]
