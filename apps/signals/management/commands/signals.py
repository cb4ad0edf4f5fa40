"""`manage.py signals …`: verify the record of signals, seal what is new."""

from __future__ import annotations

import argparse
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from apps.signals.models import SignalChain
from apps.signals.services import measure_outcomes, seal_signals, sign_days, verify_chain


class Command(BaseCommand):
    help = "Verify, seal and measure signals."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        verify = deeds.add_parser(
            "verify", help="recompute every hash; name what was edited, removed or inserted"
        )
        verify.add_argument("--workspace", type=UUID, metavar="UUID", help="only this workspace's chain")
        deeds.add_parser("seal", help="seal what is new and sign the days that are over")
        deeds.add_parser("measure", help="measure the outcomes that are due")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["deed"])(options)

    def verify(self, options: dict[str, Any]) -> None:
        chains = SignalChain.objects.select_related("workspace").order_by("pk")
        if options["workspace"]:
            chains = chains.filter(workspace__uuid=options["workspace"])
            if not chains:
                raise CommandError(f"No workspace {options['workspace']} has a record of signals.")
        faults = 0
        for chain in chains:
            found = verify_chain(chain)
            faults += len(found.faults)
            for fault in found.faults:
                self.stderr.write(f"{chain.workspace}: {fault}")
            if not found.faults:
                self.stdout.write(
                    f"{chain.workspace}: whole, {found.links} links, {found.days} signed days,"
                    f" {found.dropped} signals gone by retention, {found.unsealed} not sealed yet."
                    f" Longest wait for a link {found.slowest.total_seconds():.0f} s. Head: {found.head}"
                )
        if faults:
            raise CommandError(
                f"the record of signals is not whole: {faults} fault{'s' if faults > 1 else ''}"
            )

    def seal(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{seal_signals()} signals sealed, {len(sign_days())} days signed.")

    def measure(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{measure_outcomes()} outcomes measured.")
