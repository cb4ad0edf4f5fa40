from django.urls import path

from apps.accounts.views import confirm, devices, impersonation, keys, preferences, profile

app_name = "accounts"
urlpatterns = [
    path("", profile.profile, name="profile"),
    path("avatar/", profile.avatar_set, name="avatar-set"),
    path("avatar/remove/", profile.avatar_remove, name="avatar-remove"),
    path("people/<uuid:uuid>/avatar/", profile.avatar, name="avatar"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/look/", preferences.look, name="look"),
    path("devices/", devices.devices, name="devices"),
    path("devices/end-others/", devices.logins_end, name="logins-end"),
    path("devices/logins/<uuid:uuid>/end/", devices.login_end, name="login-end"),
    path("devices/<uuid:uuid>/forget/", devices.device_forget, name="device-forget"),
    path("impersonation/stop/", impersonation.impersonation_stop, name="impersonation-stop"),
    path("confirm/", confirm.confirm, name="confirm"),
    path("workspace/api-keys/", keys.api_keys, name="api-keys"),
    path("workspace/api-keys/new/", keys.api_key_new, name="api-key-new"),
    path("workspace/api-keys/<uuid:uuid>/", keys.api_key, name="api-key"),
    path("workspace/api-keys/<uuid:uuid>/rotate/", keys.api_key_rotate, name="api-key-rotate"),
    path("workspace/api-keys/<uuid:uuid>/revoke/", keys.api_key_revoke, name="api-key-revoke"),
]
