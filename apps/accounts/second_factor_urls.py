"""The second factor beside allauth's pages, and signing in with a passkey."""

from django.urls import path

from apps.accounts.views import second_factor

urlpatterns = [
    path("second-factor/", second_factor.second_factor, name="account_second_factor"),
    path("second-factor/passkey/", second_factor.passkey_question, name="account_second_factor_passkey"),
    path("login/passkey/", second_factor.passkey_login, name="account_passkey_login"),
]
