from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class GuidesConfig(AppConfig):
    name = "apps.guides"
    verbose_name = gettext_lazy("Guides")
