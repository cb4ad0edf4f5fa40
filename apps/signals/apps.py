from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "apps.signals"

    def ready(self) -> None:
        from apps.signals import events  # noqa: F401  registers what people are told
        from apps.signals.services.usage import count_alarms

        count_alarms()
