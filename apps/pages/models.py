"""What the pages that join rooms keep themselves: how far a first run is, and who stands for visitors of the demo."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Membership, Workspace
from apps.backtests.models import Backtest
from apps.bots.models import Bot
from apps.core.models import BaseModel
from apps.formulas.models import Formula


class FirstRun(BaseModel):
    """A newcomer's way from a template over its backtest to a bot on paper, in one workspace.

    What is deleted on the way leaves its step open again.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="first_run")
    template = models.CharField(max_length=60, help_text="The library's key of what was picked.")
    formula = models.ForeignKey(Formula, null=True, on_delete=models.SET_NULL, related_name="+")
    backtest = models.ForeignKey(Backtest, null=True, on_delete=models.SET_NULL, related_name="+")
    bot = models.ForeignKey(Bot, null=True, on_delete=models.SET_NULL, related_name="+")
    finished_at = models.DateTimeField(null=True)
    skipped_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"first run of workspace {self.workspace_id}"


class Guest(BaseModel):
    """Who stands for everybody that looks at the demo without an account: a viewer nobody can sign in as."""

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="guest")

    def __str__(self) -> str:
        return "visitors of the demo"
