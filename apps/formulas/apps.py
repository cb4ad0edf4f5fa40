from django.apps import AppConfig


class FormulasConfig(AppConfig):
    name = "apps.formulas"
    verbose_name = "Formulas"

    def ready(self) -> None:
        from apps.formulas import receivers  # noqa: F401  subscribes to confirmed addresses
