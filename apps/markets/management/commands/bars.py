"""`manage.py bars check|import|list`: market data from the shell."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Workspace
from apps.core.errors import DomainError
from apps.markets.choices import AssetClass
from apps.markets.files import read_bars_file
from apps.markets.models import BarSet
from apps.markets.quality import quality_report
from apps.markets.services import import_bars


class Command(BaseCommand):
    help = "Check, import or list files of bars."
    requires_system_checks: list[str] = []  # `check` needs no database

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser(
            "check", help="read a file and report on its quality; no database is needed"
        )
        load = actions.add_parser("import", help="read a file and keep its bars")
        for action in (check, load):
            action.add_argument("file", help="CSV or Parquet; - reads standard input")
            action.add_argument("--timeframe", help="for example 1m, 1h, 1d; default: the commonest spacing")
            action.add_argument("--timezone", default="UTC", help="of times that name none (default UTC)")
        check.add_argument("--json", action="store_true", help="the whole report as JSON")
        load.add_argument("--symbol", required=True)
        load.add_argument("--venue", default="")
        load.add_argument("--asset-class", choices=AssetClass.values, default=AssetClass.OTHER)
        load.add_argument("--workspace", help="slug of the workspace; default: shared with everyone")
        actions.add_parser("list", help="what is kept")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except DomainError as error:
            hint = error.extra.get("hint")
            if options.get("json"):
                self.stdout.write(json.dumps({"ok": False, "error": error.problem()}, indent=2))
            raise CommandError(f"{error.message} {hint or ''}".rstrip()) from None
        except OSError as error:
            raise CommandError(f"{options.get('file')}: {error.strerror}") from None

    def _check(self, options: dict[str, Any]) -> None:
        source = sys.stdin.buffer if options["file"] == "-" else options["file"]
        read = read_bars_file(source, timeframe=options["timeframe"], timezone=options["timezone"])
        report = quality_report(read.bars, read=read.report)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": True, **report.to_dict()}, indent=2))
            return
        self.stdout.write(f"{report.bars:,} bars of {report.timeframe}. {report.verdict}: {report.summary}")
        for finding in report.findings:
            self.stdout.write(f"- {finding.title} ({finding.count:,}): {finding.detail}")
            for example in finding.examples:
                self.stdout.write("    " + ", ".join(f"{name} {value}" for name, value in example.items()))
        for note in report.notes:
            self.stdout.write(f"- {note}")

    def _import(self, options: dict[str, Any]) -> None:
        workspace = None
        if options["workspace"]:
            workspace = Workspace.objects.filter(slug=options["workspace"]).first()
            if workspace is None:
                raise CommandError(f"There is no workspace {options['workspace']}.")
        is_stdin = options["file"] == "-"
        with nullcontext(sys.stdin.buffer) if is_stdin else Path(options["file"]).open("rb") as file:
            bar_set = import_bars(
                workspace,
                symbol=options["symbol"],
                file=file,
                filename="" if is_stdin else Path(options["file"]).name,
                timeframe=options["timeframe"],
                timezone=options["timezone"],
                venue=options["venue"],
                asset_class=options["asset_class"],
                actor=None,
            )
        self.stdout.write(f"{bar_set.bars:,} bars: {bar_set} ({bar_set.uuid})")
        self.stdout.write(f"{bar_set.quality['verdict']}: {bar_set.quality['summary']}")
        for finding in bar_set.quality["findings"]:
            self.stdout.write(f"- {finding['title']} ({finding['count']:,}): {finding['detail']}")

    def _list(self, options: dict[str, Any]) -> None:
        for bar_set in BarSet.objects.filter(superseded_at=None).select_related("instrument", "workspace"):
            owner = bar_set.workspace.slug if bar_set.workspace else "shared"
            self.stdout.write(f"{bar_set.uuid}  {bar_set.bars:>9}  {owner:<20}  {bar_set}")
