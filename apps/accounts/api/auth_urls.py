from django.urls import path

from apps.accounts.api import auth

urlpatterns = [
    path("register/", auth.RegisterView.as_view(), name="auth-register"),
    path("login/", auth.LoginView.as_view(), name="auth-login"),
    path("mfa/verify/", auth.MfaVerifyView.as_view(), name="auth-mfa-verify"),
    path("refresh/", auth.RefreshView.as_view(), name="auth-refresh"),
    path("logout/", auth.LogoutView.as_view(), name="auth-logout"),
    path("password/reset/", auth.PasswordResetView.as_view(), name="auth-password-reset"),
    path(
        "password/reset/confirm/", auth.PasswordResetConfirmView.as_view(), name="auth-password-reset-confirm"
    ),
    path("email/verify/", auth.EmailVerifyView.as_view(), name="auth-email-verify"),
    path("email/verify/resend/", auth.EmailVerifyResendView.as_view(), name="auth-email-verify-resend"),
    path("confirm/", auth.ConfirmView.as_view(), name="auth-confirm"),
    path("sessions/", auth.SessionsView.as_view(), name="auth-sessions"),
    path("sessions/<uuid:uuid>/", auth.SessionView.as_view(), name="auth-session"),
]
