from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class FormulasConfig(AppConfig):
    name = "apps.formulas"
    verbose_name = gettext_lazy("Formulas")

    def ready(self) -> None:
        from apps.formulas import receivers  # noqa: F401  subscribes to confirmed addresses
