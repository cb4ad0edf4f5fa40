"""`manage.py formula`: everything about formula files. Needs no database. Sub-commands: ../formula_commands."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from apps.formulas.management.formula_commands import forms, pine, running, versions
from apps.formulas.management.formula_commands.common import USAGE


class _Parser(CommandParser):
    """Usage errors in one line, exit code 2."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}\n")
        sys.exit(USAGE)


class Command(BaseCommand):
    help = "Check, evaluate, compare and convert formula files."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, parser_class=_Parser)
        parser.error = _Parser.error.__get__(parser)  # type: ignore[method-assign]
        for module in (forms, running, versions, pine):
            module.add_to(actions)

    def handle(self, *args: Any, **options: Any) -> None:
        options["run"](self, options)
