from django.apps import AppConfig


class FormulasConfig(AppConfig):
    name = "apps.formulas"
    verbose_name = "Formulas"
