"""`manage.py backtests verify`: run stored backtests again and list what today's engine says otherwise."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.backtests.models import Backtest
from apps.backtests.services.verify import verify_backtests


class Command(BaseCommand):
    help = "Verify stored backtests. Exit status 1 where a result differs from what is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="run stored results again and compare them")
        verify.add_argument("--workspace", metavar="SLUG", help="only this workspace's")
        verify.add_argument(
            "--engine", metavar="VERSION", help="only those made by this version of the engine"
        )
        verify.add_argument("--limit", type=int, metavar="N", help="only the newest N")

    def handle(self, *args: Any, **options: Any) -> None:
        backtests = Backtest.objects.select_related("bar_set__instrument", "finer_bar_set", "workspace")
        if options["workspace"]:
            backtests = backtests.filter(workspace__slug=options["workspace"])
        if options["engine"]:
            backtests = backtests.filter(engine_version=options["engine"])
        if options["limit"] is not None:
            if options["limit"] < 1:
                raise CommandError(
                    f"--limit needs a number of 1 or more, not {options['limit']}.", returncode=2
                )
            newest = backtests.filter(status="done").order_by("-id").values_list("id", flat=True)
            backtests = backtests.filter(id__in=list(newest[: options["limit"]]))
        outcomes: Counter[str] = Counter()
        broken = 0
        for found in verify_backtests(backtests):
            outcomes[found.outcome] += 1
            broken += not found.holds
            if not found.holds:
                backtest = found.backtest
                self.stdout.write(
                    f"{found.outcome}: {backtest.uuid} {backtest} (engine {backtest.engine_version})"
                )
                for line in found.differences:
                    self.stdout.write(f"  {line}")
        total = sum(outcomes.values())
        parts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        self.stdout.write(
            f"{total} stored result{'' if total == 1 else 's'}" + (f": {parts}" if parts else "")
        )
        if broken:
            raise CommandError(f"{broken} of {total} stored results do not hold.", returncode=1)
