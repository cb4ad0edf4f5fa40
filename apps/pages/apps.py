import gc

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class PagesConfig(AppConfig):
    name = "apps.pages"
    verbose_name = gettext_lazy("Pages")

    def ready(self) -> None:
        from apps.pages import events  # noqa: F401  registers what people are told

        gc.freeze()  # all that is loaded, off since config/__init__.py; forked workers go on sharing its memory
        gc.enable()
