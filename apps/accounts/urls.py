from django.urls import path

from apps.accounts.views import confirm, keys, profile

app_name = "accounts"
urlpatterns = [
    path("", profile.profile, name="profile"),
    path("confirm/", confirm.confirm, name="confirm"),
    path("api-keys/", keys.api_keys, name="api-keys"),
    path("api-keys/<uuid:uuid>/revoke/", keys.api_key_revoke, name="api-key-revoke"),
]
