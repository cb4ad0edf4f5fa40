from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = gettext_lazy("Accounts")

    def ready(self) -> None:
        from allauth.socialaccount.providers import registry

        from apps.accounts import (
            confirm,  # noqa: F401  notes fresh log-ins
            receivers,  # noqa: F401  subscribes to Django's and allauth's signals
        )
        from apps.accounts.api import schema  # noqa: F401  registers itself with drf-spectacular
        from apps.accounts.openid.provider import Provider
        from apps.accounts.selectors import chips_of
        from apps.accounts.services import notices  # noqa: F401  a consumer of the journal
        from apps.core.lists import views_from

        registry.register(Provider)
        views_from(chips_of)
