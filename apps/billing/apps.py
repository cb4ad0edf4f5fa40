from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        from apps.billing.selectors import api_rate_of
        from apps.core.api.throttling import rate_from

        rate_from(api_rate_of)
