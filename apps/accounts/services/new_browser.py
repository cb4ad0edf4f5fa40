"""A link by mail for people whose account others are guessing at, on a browser nobody knows yet."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.services.logins import make_device_link
from apps.accounts.services.mail_requests import ask_for_mail, sends


def ask_for_device_link(email: str) -> None:
    """Ask for the mail, whether or not there is such an account: neither the answer nor its time tells."""
    ask_for_mail("new browser", to=email)


@sends("new browser")
def send_device_link(email: str) -> None:
    """Mail the link, at most three in an hour, for which each of them works: there always is one that does."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        return
    url = settings.SITE_URL + reverse("account_new_browser_link", args=[make_device_link(user)])
    context = {"url": url, "person": user, "site_url": settings.SITE_URL}
    message = EmailMultiAlternatives(
        gettext("Sign in with a new browser"),
        render_to_string("account/email/new_browser.txt", context).strip() + "\n",
        to=[user.email],
    )
    message.attach_alternative(render_to_string("account/email/new_browser.html", context), "text/html")
    message.send()
