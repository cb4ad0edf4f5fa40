from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class BillingConfig(AppConfig):
    name = "apps.billing"
    verbose_name = gettext_lazy("Billing")

    def ready(self) -> None:
        import apps.billing.gateways.stripe.guards  # noqa: F401  (what dj-stripe must not write down)
        from apps.accounts.needs import plans_from
        from apps.billing import events  # noqa: F401  registers what people are told
        from apps.billing.selectors import api_rate_of
        from apps.billing.services.entitlements import capability_named, check_right, plan_holds
        from apps.billing.services.meters import check_room
        from apps.billing.services.usage import count_api_calls
        from apps.core.api.log import request_log
        from apps.core.api.schema import capabilities_from
        from apps.core.api.throttling import rate_from
        from apps.core.quotas import quotas_from

        plans_from(check_right)
        capabilities_from(capability_named)
        quotas_from(check_room, plan_holds)
        rate_from(api_rate_of)
        request_log.counts_with(count_api_calls)
