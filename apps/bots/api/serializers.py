"""Bots as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.bots.choices import BotState, Mode, Policy
from apps.bots.models import Bot, Upgrade
from apps.bots.selectors import standings
from apps.bots.services import missing_for_live
from apps.bots.services.upgrades import MOST_BARS
from apps.core.api.serializers import ModelSerializer, Serializer

VALUE = {"oneOf": [{"type": "number"}, {"type": "boolean"}, {"type": "string"}]}


class StandingSerializer(Serializer[Any]):
    """Money in the account's currency, as decimals in text."""

    cash = serializers.DecimalField(max_digits=32, decimal_places=12)
    units = serializers.DecimalField(
        max_digits=32, decimal_places=12, help_text="Held; negative for a short position"
    )
    price = serializers.DecimalField(
        max_digits=32,
        decimal_places=12,
        allow_null=True,
        help_text="That values the position; null before any",
    )
    equity = serializers.DecimalField(max_digits=32, decimal_places=12)
    pnl = serializers.DecimalField(max_digits=32, decimal_places=12, help_text="Equity less capital")
    realised = serializers.DecimalField(
        max_digits=32, decimal_places=12, help_text="Of closed units, before fees"
    )
    fees = serializers.DecimalField(max_digits=32, decimal_places=12)


class MissingSerializer(Serializer[Any]):
    """Something to be done before a bot may trade live."""

    code = serializers.CharField()
    words = serializers.CharField()
    url = serializers.CharField(help_text="The page where; empty: there is none")


class BotSerializer(ModelSerializer[Bot]):
    formula = serializers.UUIDField(source="version.formula.uuid", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True, help_text="Of the formula")
    formula_hash = serializers.CharField(source="version.content_hash", read_only=True)
    feed = serializers.UUIDField(source="feed.uuid", read_only=True)
    account = serializers.UUIDField(source="account.uuid", read_only=True)
    book = serializers.UUIDField(source="book.uuid", read_only=True, allow_null=True, default=None)
    symbol = serializers.CharField(source="feed.instrument.symbol", read_only=True)
    timeframe = serializers.CharField(source="feed.timeframe", read_only=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), read_only=True)
    inputs = serializers.DictField(read_only=True)
    cause = serializers.CharField(
        read_only=True, help_text="Of its last pause or stop; empty where there was none"
    )
    standing = serializers.SerializerMethodField(help_text="What its book holds and is worth now")
    missing_for_live = serializers.SerializerMethodField(
        help_text="Of a live bot on no feed: what is to be done first; empty for others and in lists"
    )

    class Meta:
        model = Bot
        fields = [
            "uuid", "name", "tags", "formula", "version", "formula_hash", "inputs", "feed", "symbol", "timeframe",
            "account", "book", "mode", "capital", "state", "cause", "words", "policy", "flattens_when_silent",
            "joined_number", "warm_bars", "parity", "parity_at", "started_at", "stopped_at", "standing",
            "missing_for_live", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(MissingSerializer(many=True))
    def get_missing_for_live(self, bot: Bot) -> list[dict[str, str]]:
        in_list = self.context.get("standings") is not None
        if in_list or bot.mode != Mode.LIVE or bot.state not in (BotState.DRAFT, BotState.STOPPED):
            return []
        missing = [one._asdict() for one in missing_for_live(bot)]
        return list(MissingSerializer(missing, many=True).data)

    def get_standing(self, bot: Bot) -> StandingSerializer:
        known = self.context.get("standings")
        found = known[bot.pk] if known else standings([bot])[bot.pk]
        return StandingSerializer(found).data  # type: ignore[return-value]


class BotRequestSerializer(Serializer[Any]):
    name = serializers.CharField(max_length=120)
    formula = serializers.UUIDField(help_text="One of the workspace, published")
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="Number of a published version; the newest"
    )
    feed = serializers.UUIDField(help_text="Of the workspace, or shared")
    account = serializers.UUIDField(
        required=False,
        help_text="A trading account of the workspace; left out on paper: its paper account, made where there is none",
    )
    capital = serializers.DecimalField(max_digits=20, decimal_places=2, min_value=1)
    mode = serializers.ChoiceField(choices=Mode.choices, default=Mode.PAPER)
    inputs = serializers.DictField(
        child=serializers.CharField(max_length=60),
        required=False,
        help_text="By name; others stay at their defaults",
    )
    policy = serializers.ChoiceField(
        choices=Policy.choices, default=Policy.RESUME, help_text="What follows an automatic pause"
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)
    flattens_when_silent = serializers.BooleanField(default=False)


class BotChangeSerializer(Serializer[Any]):
    """What decides its trades changes only while it is a draft or stopped."""

    name = serializers.CharField(max_length=120, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=20)
    policy = serializers.ChoiceField(choices=Policy.choices, required=False)
    flattens_when_silent = serializers.BooleanField(required=False)
    inputs = serializers.DictField(child=serializers.CharField(max_length=60), required=False)
    capital = serializers.DecimalField(max_digits=20, decimal_places=2, min_value=1, required=False)


class PauseSerializer(Serializer[Any]):
    words = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Why, for whoever resumes it"
    )


class StopSerializer(Serializer[Any]):
    flatten = serializers.BooleanField(
        default=True, help_text="Close its position at the next open; else it stays in the book"
    )


class CloneSerializer(Serializer[Any]):
    name = serializers.CharField(max_length=120, help_text="Of the new draft")


class UpgradeRequestSerializer(Serializer[Any]):
    version = serializers.IntegerField(min_value=1, help_text="Number of a published version of its formula")
    bars = serializers.IntegerField(min_value=1, max_value=MOST_BARS, help_text="So long it runs in shadow")
    most_different = serializers.IntegerField(
        min_value=0, default=0, help_text="On so many bars it may ask otherwise and the bot still moves to it"
    )


class UpgradeChoiceSerializer(Serializer[Any]):
    what = serializers.ChoiceField(
        choices=["switch", "cancel", "roll_back"],
        help_text="Move although it differs, go on with the old version, or go back to it",
    )


class UpgradeSerializer(ModelSerializer[Upgrade]):
    before = serializers.IntegerField(source="before.number", read_only=True)
    after = serializers.IntegerField(source="after.number", read_only=True)
    report = serializers.DictField(read_only=True, help_text="Empty until the shadow has ended")

    class Meta:
        model = Upgrade
        fields = [
            "uuid", "before", "after", "state", "from_number", "bars", "most_different", "report", "created_at",
            "ended_at",
        ]  # fmt: skip
        read_only_fields = fields


class BotFormulasSerializer(Serializer[Any]):
    """The version that runs, and the upgrades, newest first."""

    formula = serializers.UUIDField()
    version = serializers.IntegerField()
    formula_hash = serializers.CharField()
    upgrades = UpgradeSerializer(many=True)


class JournalQuerySerializer(Serializer[Any]):
    before = serializers.IntegerField(required=False, min_value=1, help_text="`older` of the page before")


class JournalPageSerializer(Serializer[Any]):
    entries = serializers.ListField(child=serializers.DictField(), help_text="Decisions, newest first")
    older = serializers.IntegerField(allow_null=True, help_text="For `before`; null on the last page")


class ParitySerializer(Serializer[Any]):
    holds = serializers.BooleanField(allow_null=True, help_text="null where there is nothing to compare yet")
    bars = serializers.IntegerField()
    decisions = serializers.IntegerField()
    difference = serializers.DictField(allow_null=True, help_text="The first bar that differs, and in what")
