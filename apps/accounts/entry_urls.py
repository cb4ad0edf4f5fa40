"""What we add to allauth's pages for people who are not signed in; found before allauth's own."""

from django.urls import path

from apps.accounts.views import entry

urlpatterns = [
    path("login/", entry.LoginView.as_view(), name="account_login"),
    path("login/new-browser/", entry.new_browser, name="account_new_browser"),
    path("login/new-browser/<str:token>/", entry.new_browser_link, name="account_new_browser_link"),
    path("email/", entry.email, name="account_email"),
    path("3rdparty/", entry.connections, name="socialaccount_connections"),
    path("not-me/<str:token>/", entry.not_me, name="account_not_me"),
]
