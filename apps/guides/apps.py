from django.apps import AppConfig


class GuidesConfig(AppConfig):
    name = "apps.guides"
    verbose_name = "Guides"
