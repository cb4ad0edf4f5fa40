from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.profile, name="profile"),
    path("api-keys/", views.api_keys, name="api-keys"),
    path("api-keys/<uuid:uuid>/revoke/", views.api_key_revoke, name="api-key-revoke"),
]
