"""The form of a bot."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.bots.choices import Mode, Policy
from apps.bots.models import Bot
from apps.bots.services import BotRequest
from apps.bots.services.upgrades import MOST_BARS
from apps.core.menus import Menu
from apps.core.words import gettext_lazy
from apps.engine.lang import check
from apps.formulas.models import FormulaVersion
from apps.formulas.selectors import check_report, in_words
from apps.markets.models import Feed
from apps.markets.selectors import visible_feeds
from apps.trading.choices import AccountKind
from apps.trading.models import TradingAccount
from apps.trading.services import ensure_paper_account

PREFIX = "input_"


class TryVersionForm(forms.Form):
    """Another published version of the bot's formula, and how long it runs in shadow."""

    version = Menu(
        FormulaVersion.objects.none(),
        by=("number",),
        to_field_name="number",
        label=gettext_lazy("Version"),
        empty_label=None,
    )
    bars = forms.IntegerField(
        min_value=1, max_value=MOST_BARS, initial=100, label=gettext_lazy("Bars in shadow")
    )
    most_different = forms.IntegerField(
        min_value=0, max_value=MOST_BARS, initial=0, label=gettext_lazy("May differ on")
    )

    def __init__(self, *args: Any, bot: Bot, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = FormulaVersion.objects.filter(formula=bot.version.formula_id).exclude(pk=bot.version_id)
        self.fields["version"].queryset = others.order_by("-number")  # type: ignore[attr-defined]


class BotForm(forms.Form):
    """A new bot of one version, or one that is changed; one more field per input, empty meaning its default."""

    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    feed = Menu(
        Feed.objects.none(),
        by=("instrument__symbol",),
        to_field_name="uuid",
        label=gettext_lazy("Feed"),
        empty_label=None,
    )
    account = Menu(
        TradingAccount.objects.none(),
        to_field_name="uuid",
        label=gettext_lazy("Account"),
        required=False,
        empty_label=gettext_lazy("A paper account, made with the bot"),
    )
    mode = forms.ChoiceField(
        choices=Mode.choices,
        initial=Mode.PAPER,
        label=gettext_lazy("Mode"),
        help_text=gettext_lazy("Live trades with money at an exchange."),
    )
    capital = forms.DecimalField(
        max_digits=20,
        decimal_places=2,
        min_value=1,
        initial=10_000,
        label=gettext_lazy("Capital"),
        help_text=gettext_lazy("A book of its own."),
    )
    policy = forms.ChoiceField(
        choices=Policy.choices, initial=Policy.RESUME, label=gettext_lazy("After an automatic pause")
    )
    tags = forms.CharField(
        required=False,
        max_length=400,
        label=gettext_lazy("Tags"),
        help_text=gettext_lazy("Separated by commas."),
    )
    flattens_when_silent = forms.BooleanField(
        required=False, label=gettext_lazy("Close the position when nothing is heard of the bot")
    )

    def __init__(
        self, *args: Any, workspace: Workspace, version: FormulaVersion, bot: Bot | None = None, **kwargs: Any
    ) -> None:
        if bot is not None:
            kwargs["initial"] = _filled(bot) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.version = version
        self.fields["feed"].queryset = visible_feeds(workspace)  # type: ignore[attr-defined]
        accounts = TradingAccount.objects.filter(workspace=workspace)
        self.fields["account"].queryset = accounts.order_by("-kind", "name")  # type: ignore[attr-defined]
        if accounts.filter(kind=AccountKind.PAPER).exists():
            self.fields["account"].required = True
            self.fields["account"].empty_label = None  # type: ignore[attr-defined]
        inputs = check_report(version.text)["inputs"] or []
        self.input_names = [item["name"] for item in inputs]
        for item in inputs:
            default = item["default"]
            self.fields[PREFIX + item["name"]] = forms.CharField(
                required=False,
                max_length=60,
                label=item.get("label") or item["name"],
                help_text=_range(item),
                widget=forms.TextInput(
                    attrs={"placeholder": str(default).lower() if isinstance(default, bool) else str(default)}
                ),
            )

    def clean(self) -> dict[str, Any]:
        """Every wrong input at its own field."""
        values: dict[str, Any] = super().clean() or {}
        given = self.inputs(values)
        for problem in check(self.version.text, given).errors:
            name = next((name for name in given if f"`{name}`" in problem.message), None)
            self.add_error(
                PREFIX + name if name else None,
                f"{in_words(problem.message)} {in_words(problem.hint)}".strip(),
            )
        return values

    def inputs(self, values: dict[str, Any]) -> dict[str, str]:
        given = {name: values.get(PREFIX + name, "") for name in self.input_names}
        return {name: value for name, value in given.items() if value != ""}

    def values(self) -> dict[str, Any]:
        """What `change_bot` takes."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "feed": data["feed"],
            "account": data["account"],
            "mode": data["mode"],
            "capital": data["capital"],
            "policy": data["policy"],
            "tags": tuple(data["tags"].split(",")),
            "flattens_when_silent": data["flattens_when_silent"],
            "inputs": self.inputs(data),
        }

    def to_request(self, workspace: Workspace, actor: User) -> BotRequest:
        """What `create_bot` takes; without an account on the workspace's paper account, made where there is none."""
        values = self.values()
        if values["account"] is None:
            values["account"] = ensure_paper_account(workspace, actor=actor)
        return BotRequest(version=self.version, **values)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith(PREFIX)]

    @property
    def input_fields(self) -> list[forms.BoundField]:
        return [self[PREFIX + name] for name in self.input_names]


def _filled(bot: Bot) -> dict[str, Any]:
    return {
        "name": bot.name,
        "feed": bot.feed.uuid,
        "account": bot.account.uuid,
        "mode": bot.mode,
        "capital": bot.capital.quantize(bot.capital.__class__("0.01")),
        "policy": bot.policy,
        "tags": ", ".join(bot.tags),
        "flattens_when_silent": bot.flattens_when_silent,
        **{PREFIX + name: str(value) for name, value in bot.inputs.items()},
    }


def _range(item: dict[str, Any]) -> str:
    if item.get("choices"):
        return gettext("One of ") + ", ".join(map(str, item["choices"]))
    if item.get("low") is not None and item.get("high") is not None:
        return gettext("{item} to {item_2}").format(item=item["low"], item_2=item["high"])
    return ""
