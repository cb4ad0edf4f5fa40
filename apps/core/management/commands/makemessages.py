"""Django's `makemessages` with our options: `manage.py makemessages` writes both catalogues of every language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Texts of scripts are marked with `t("…")` and `n("…", "…", count)`; see frontend/js/words.js."""

    # a guess from a similar text would only wait to be thrown away
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        options["locale"] = options["locale"] or [code for code, _ in settings.LANGUAGES if code != "en"]
        options["ignore_patterns"] += [
            "node_modules/*",
            "var/*",
            "static/*",
            "tests/*",
            "benchmarks/*",
            "deploy/*",
        ]
        options["no_obsolete"] = options["no_wrap"] = True
        options["add_location"] = options["add_location"] or "file"
        plain = self.xgettext_options
        for domain in ("django", "djangojs"):
            marks = ["--keyword=t", "--keyword=n:1,2"] if domain == "djangojs" else []
            self.xgettext_options = [*plain, *marks]
            super().handle(*args, **{**options, "domain": domain, "extensions": []})
