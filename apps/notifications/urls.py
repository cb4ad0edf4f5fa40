from django.urls import path

from apps.notifications import views

app_name = "notifications"
urlpatterns = [
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("seen/<str:token>/", views.acknowledge, name="acknowledge"),
]
