from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "apps.pages"
    verbose_name = "Pages"

    def ready(self) -> None:
        from apps.pages import events  # noqa: F401  registers what people are told
