import gc

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "apps.pages"
    verbose_name = "Pages"

    def ready(self) -> None:
        from apps.pages import events  # noqa: F401  registers what people are told

        gc.freeze()  # all that is loaded, off since config/__init__.py; forked workers go on sharing its memory
        gc.enable()
