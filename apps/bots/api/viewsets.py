"""Bots by program."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.confirm import require_confirmed
from apps.accounts.needs import ALWAYS, require
from apps.bots.api.serializers import (
    BotChangeSerializer,
    BotFormulasSerializer,
    BotRequestSerializer,
    BotSerializer,
    CloneSerializer,
    JournalPageSerializer,
    JournalQuerySerializer,
    ParitySerializer,
    PauseSerializer,
    StopSerializer,
    UpgradeChoiceSerializer,
    UpgradeRequestSerializer,
    UpgradeSerializer,
)
from apps.bots.choices import BotState, Mode
from apps.bots.models import Bot
from apps.bots.selectors import bots_of, journal_of, standings
from apps.bots.services import (
    BotRequest,
    archive,
    cancel_upgrade,
    change_bot,
    check_parity,
    clone_bot,
    create_bot,
    delete_bot,
    deploy,
    pause,
    restore,
    resume,
    roll_back,
    start_upgrade,
    stop,
    switch_now,
)
from apps.core.api.views import GenericApiViewSet
from apps.core.errors import NotFound
from apps.formulas.models import FormulaVersion
from apps.formulas.selectors import formulas_of
from apps.markets.models import Feed
from apps.markets.selectors import visible_feeds
from apps.trading.models import TradingAccount
from apps.trading.selectors import accounts_of
from apps.trading.services import ensure_paper_account

CHOICES = {"switch": switch_now, "cancel": cancel_upgrade, "roll_back": roll_back}


class BotViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, GenericApiViewSet[Bot]):
    describes = {
        "list": "List bots. Newest first; those in the archive are left out unless `state` asks for them.",
        "retrieve": "Read a bot. Its settings, its state with the cause, and what its book is worth.",
    }
    problems = {
        "create": (404, 422),
        "partial_update": (422,),
        "update": (422,),
        "destroy": (409,),
        "deploy": (402, 403, 409),
        "pause": (409, 422),
        "resume": (409,),
        "stop": (409,),
        "archive": (409,),
        "restore": (409,),
        "clone": (422,),
        "try_version": (404, 409, 422),
        "decide_version": (404, 409),
    }
    rights = {
        **dict.fromkeys(("list", "retrieve", "journal", "formulas"), "bots.view"),
        "*": "bots.manage",
    }
    plan = dict.fromkeys(("pause", "stop", "archive"), ALWAYS)
    serializer_class = BotSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Bot.objects.none()
    filterset_fields = ["state", "mode"]

    def get_queryset(self) -> QuerySet[Bot]:
        workspace = self.request.workspace  # type: ignore[attr-defined]
        asked = self.request.query_params.get("state", "")
        bots = bots_of(workspace, state=asked)
        if self.action != "list" and asked == "":
            bots = bots | bots_of(workspace, state=BotState.ARCHIVED)
        return bots

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "standings": getattr(self, "_standings", None)}

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self._standings = standings(page or [])
        return page

    @extend_schema(request=BotRequestSerializer, responses={201: BotSerializer})
    def create(self, request: Request) -> Response:
        """Make a bot, as a draft. Deploy it afterwards."""
        body = BotRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        version = self._version(values.pop("formula"), values.pop("version", None))
        made = BotRequest(
            version=version,
            feed=self._feed(values.pop("feed")),
            account=self._account(values.pop("account", None)),
            **{**values, "tags": tuple(values.get("tags", ()))},
        )
        bot = create_bot(request.workspace, made, actor=request.user)  # type: ignore[attr-defined,arg-type]
        return Response(BotSerializer(bot).data, status=201)

    def _version(self, formula: Any, number: int | None) -> FormulaVersion:
        require(self.request, "formulas.view")
        found = formulas_of(self.request.workspace).filter(uuid=formula).first()  # type: ignore[attr-defined]
        if found is None:
            raise NotFound(f"There is no formula {formula} in this workspace.", field="formula")
        version = (
            found.versions.select_related("formula").filter(**({"number": number} if number else {})).first()
        )
        if version is None:
            what = f"has no version {number}" if number else "was never published"
            raise NotFound(f"The formula {found.name} {what}.", field="version" if number else "formula")
        return version

    def _feed(self, uuid: Any) -> Feed:
        feed = visible_feeds(self.request.workspace).filter(uuid=uuid).first()  # type: ignore[attr-defined]
        if feed is None:
            raise NotFound(f"There is no feed {uuid} here; see /api/v1/feeds/.", field="feed")
        return feed

    def _account(self, uuid: Any) -> TradingAccount:
        if uuid is None:
            return ensure_paper_account(self.request.workspace, actor=self.request.user)  # type: ignore[attr-defined,arg-type]
        account = accounts_of(self.request.workspace).filter(uuid=uuid).first()  # type: ignore[attr-defined]
        if account is None:
            raise NotFound(f"There is no trading account {uuid} in this workspace.", field="account")
        return account

    @extend_schema(request=BotChangeSerializer, responses=BotSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Change a bot. Name, tags and policy at any time, the rest while it is a draft or stopped."""
        bot = self.get_object()
        body = BotChangeSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changed = change_bot(bot, body.validated_data, actor=request.user)  # type: ignore[arg-type]
        return self._answer(changed)

    @extend_schema(request=BotChangeSerializer, responses=BotSerializer)
    def update(self, request: Request, uuid: Any = None) -> Response:
        """Change a bot. The same as PATCH: what is not given stays as it is."""
        return self.partial_update(request, uuid)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Delete a draft. A bot that has run is archived instead."""
        delete_bot(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(request=None, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def deploy(self, request: Request, uuid: Any = None) -> Response:
        """Let a bot run from its feed's next bar on. Live mode asks for a fresh proof of who it is."""
        bot = self.get_object()
        if bot.mode == Mode.LIVE:
            require_confirmed(request)
        return self._answer(deploy(bot, actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=PauseSerializer, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, uuid: Any = None) -> Response:
        """Pause a bot. It asks for nothing new; the protective orders of a position still stand."""
        body = PauseSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        words = body.validated_data["words"]
        return self._answer(pause(self.get_object(), words=words, actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=None, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, uuid: Any = None) -> Response:
        """Let a paused bot go on."""
        return self._answer(resume(self.get_object(), actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=StopSerializer, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, uuid: Any = None) -> Response:
        """Take a bot off its feed. Its position is closed at the next open, or stays where `flatten` is false."""
        body = StopSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        flatten = body.validated_data["flatten"]
        return self._answer(stop(self.get_object(), flatten=flatten, actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=None, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, uuid: Any = None) -> Response:
        """Put a bot away. What it did stays readable."""
        return self._answer(archive(self.get_object(), actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=None, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, uuid: Any = None) -> Response:
        """Take a bot out of the archive, stopped."""
        return self._answer(restore(self.get_object(), actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=CloneSerializer, responses={201: BotSerializer})
    @action(detail=True, methods=["post"])
    def clone(self, request: Request, uuid: Any = None) -> Response:
        """Copy a bot's settings into a draft with a book of its own. Nothing of its history goes along."""
        bot = self.get_object()
        body = CloneSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = clone_bot(bot, name=body.validated_data["name"], actor=request.user)  # type: ignore[arg-type]
        return Response(BotSerializer(made).data, status=201)

    @extend_schema(parameters=[JournalQuerySerializer], responses=JournalPageSerializer, filters=False)
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def journal(self, request: Request, uuid: Any = None) -> Response:
        """Read what a bot did. Bar, decision, intents, orders, fills and signals; 100 decisions a page."""
        query = JournalQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        entries, older = journal_of(self.get_object(), before=query.validated_data.get("before"), most=100)
        return Response({"entries": entries, "older": older})

    @extend_schema(request=None, responses=ParitySerializer)
    @action(detail=True, methods=["post"])
    def parity(self, request: Request, uuid: Any = None) -> Response:
        """Compare a bot with its backtest. Every bar it saw goes through the batch engine again; takes a moment."""
        report = check_parity(self.get_object())
        if report is None:
            return Response({"holds": None, "bars": 0, "decisions": 0, "difference": None})
        return Response(
            {
                "holds": report.difference is None,
                "bars": report.bars,
                "decisions": report.decisions,
                "difference": report.difference,
            }
        )

    @extend_schema(responses=BotFormulasSerializer, filters=False)
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def formulas(self, request: Request, uuid: Any = None) -> Response:
        """Read which version of its formula a bot runs, and its upgrades."""
        bot = self.get_object()
        upgrades = bot.upgrades.select_related("before", "after").order_by("-id")
        return Response(
            BotFormulasSerializer(
                {
                    "formula": bot.version.formula.uuid,
                    "version": bot.version.number,
                    "formula_hash": bot.version.content_hash,
                    "upgrades": upgrades[:50],
                }
            ).data
        )

    @extend_schema(request=UpgradeRequestSerializer, responses={201: UpgradeSerializer})
    @formulas.mapping.post
    def try_version(self, request: Request, uuid: Any = None) -> Response:
        """Try another version in shadow. It decides beside the old one; the bot moves to it where they agree."""
        bot = self.get_object()
        body = UpgradeRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        version = (
            bot.version.formula.versions.select_related("formula").filter(number=values["version"]).first()
        )
        if version is None:
            raise NotFound(f"The formula has no version {values['version']}.", field="version")
        made = start_upgrade(
            bot,
            version,
            bars=values["bars"],
            most_different=values["most_different"],
            actor=request.user,  # type: ignore[arg-type]
        )
        return Response(UpgradeSerializer(made).data, status=201)

    @extend_schema(request=UpgradeChoiceSerializer, responses=UpgradeSerializer)
    @action(detail=True, methods=["post"], url_path="formulas/decide")
    def decide_version(self, request: Request, uuid: Any = None) -> Response:
        """Decide about the last upgrade. Move to the new version, go on with the old one, or go back to it."""
        bot = self.get_object()
        body = UpgradeChoiceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        last = bot.upgrades.select_related("bot", "before", "after").order_by("-id").first()
        if last is None:
            raise NotFound("This bot has no upgrade.")
        CHOICES[body.validated_data["what"]](last, actor=request.user)  # type: ignore[arg-type]
        last.refresh_from_db()
        return Response(UpgradeSerializer(last).data)

    def _answer(self, bot: Bot) -> Response:
        return Response(BotSerializer(self.get_queryset().get(pk=bot.pk)).data)
