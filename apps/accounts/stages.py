"""The stage of allauth's log-in that asks for the second factor. Whatever logs in through allauth passes here."""

from __future__ import annotations

from allauth.account.stages import LoginStage
from django.http import HttpResponse
from django.shortcuts import redirect

from apps.accounts.services.second_factors import second_factor_needed


class SecondFactorStage(LoginStage):  # type: ignore[misc]
    key = "second_factor"
    urlname = "account_second_factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """(answer, may go on): nobody is signed in while the answer is the page that asks."""
        user = self.login.user
        has_shown = getattr(user, "otp_device", None) is not None  # a passkey that stood for the password too
        if has_shown or not second_factor_needed(user, self.request):
            return None, True
        return redirect(self.urlname), True
