from django.urls import path

from apps.accounts.views import (
    confirm,
    devices,
    impersonation,
    keys,
    mfa_rule,
    preferences,
    profile,
    security,
)

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
    path("security/", security.security, name="security"),
    path("security/app/", security.app, name="security-app"),
    path("security/app/remove/", security.app_remove, name="security-app-remove"),
    path("security/passkeys/new/", security.passkey_new, name="passkey-new"),
    path("security/passkeys/options/", security.passkey_options, name="passkey-options"),
    path("security/passkeys/<uuid:uuid>/rename/", security.passkey_rename, name="passkey-rename"),
    path("security/passkeys/<uuid:uuid>/remove/", security.passkey_remove, name="passkey-remove"),
    path("security/backup-codes/", security.backup_codes, name="backup-codes"),
    path("security/distrust/", security.distrust, name="distrust"),
    path("workspace/second-factor/", mfa_rule.mfa_rule, name="mfa-rule"),
]
