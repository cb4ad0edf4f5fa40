"""Accounts at exchanges by program: connected by a person who has just confirmed, never by a key."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.needs import ALWAYS
from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import GenericApiViewSet
from apps.core.jobs import enqueue_on_commit
from apps.trading.access import get_discrepancy_for
from apps.trading.brokers.exchanges import EXCHANGES
from apps.trading.errors import NotAtExchange
from apps.trading.models import Discrepancy, TradingAccount
from apps.trading.selectors import accounts_of, discrepancies_of, holdings_of, sync_of
from apps.trading.services.exchange import (
    connect_account,
    freeze_account,
    resolve_discrepancy,
    rotate_keys,
    unfreeze_account,
)


class HoldingSerializer(Serializer[Any]):
    currency = serializers.CharField()
    total = serializers.DecimalField(max_digits=32, decimal_places=12, normalize_output=True)
    others = serializers.DecimalField(
        max_digits=32,
        decimal_places=12,
        normalize_output=True,
        help_text="What of it does not come of our trading",
    )


class AccountSerializer(ModelSerializer[TradingAccount]):
    permissions = serializers.JSONField(read_only=True, help_text="What the keys may do, and advice")
    synced_at = serializers.SerializerMethodField(help_text="When it was last compared with the books")
    balances = serializers.SerializerMethodField(help_text="At the exchange, as of then")

    class Meta:
        model = TradingAccount
        fields = [
            "uuid",
            "name",
            "kind",
            "exchange",
            "is_testnet",
            "currency",
            "state",
            "error",
            "permissions",
            "freeze_on_foreign",
            "checked_at",
            "synced_at",
            "balances",
        ]
        read_only_fields = fields

    @extend_schema(responses=None)
    def get_synced_at(self, account: TradingAccount) -> str | None:
        sync = sync_of(account)
        return sync.synced_at.isoformat() if sync and sync.synced_at else None

    def get_balances(self, account: TradingAccount) -> list[dict[str, str]]:
        return list(HoldingSerializer(holdings_of(sync_of(account)), many=True).data)


class KeysSerializer(Serializer[dict[str, Any]]):
    api_key = serializers.CharField(max_length=200, write_only=True)
    secret = serializers.CharField(max_length=4000, write_only=True)
    password = serializers.CharField(max_length=200, write_only=True, required=False, default="")


class ConnectSerializer(KeysSerializer):
    exchange = serializers.ChoiceField(choices=sorted(EXCHANGES))
    name = serializers.CharField(max_length=80)
    currency = serializers.RegexField(r"^[A-Z0-9]{2,10}$", default="USDT")
    is_testnet = serializers.BooleanField(default=False)
    freeze_on_foreign = serializers.BooleanField(default=False)


class FreezeSerializer(Serializer[dict[str, Any]]):
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ExchangeSerializer(Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()
    keys_page = serializers.URLField(help_text="Where its keys are made")
    needs_password = serializers.BooleanField(help_text="It gives a passphrase with its keys")


class DiscrepancySerializer(ModelSerializer[Discrepancy]):
    account = serializers.UUIDField(source="account.uuid", read_only=True)

    class Meta:
        model = Discrepancy
        fields = ["uuid", "account", "kind", "words", "data", "created_at", "resolved_at"]
        read_only_fields = fields


ACCOUNT = {
    "uuid": "4f3a1f0e-6d57-4d1c-9f43-0f6f8f3f2b11",
    "name": "Binance, bots",
    "kind": "exchange",
    "exchange": "binance",
    "is_testnet": False,
    "currency": "USDT",
    "state": "checking",
    "error": "",
    "permissions": {},
    "freeze_on_foreign": True,
    "checked_at": None,
    "synced_at": None,
    "balances": [],
}
ASKED = {"exchange": "binance", "name": "Binance, bots", "api_key": "vmPU…", "secret": "NhqP…"}


@extend_schema(tags=["trading"])
class ExchangeViewSet(GenericApiViewSet[TradingAccount]):
    rights = {"list": "trading.view", "*": "trading.accounts"}
    confirmed = {"connect"}
    problems = {"connect": (409, 422)}
    serializer_class = ExchangeSerializer
    pagination_class = None
    queryset = TradingAccount.objects.none()

    @extend_schema(responses=ExchangeSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List the exchanges that can be connected."""
        return Response(ExchangeSerializer(list(EXCHANGES.values()), many=True).data)

    @extend_schema(
        request=ConnectSerializer,
        responses={201: AccountSerializer},
        examples=[
            OpenApiExample("An account at Binance", value=ASKED, request_only=True),
            OpenApiExample("Being checked", value=ACCOUNT, response_only=True),
        ],
    )
    @action(detail=False, methods=["post"])
    def connect(self, request: Request) -> Response:
        """Connect an account. Its keys are checked first, and refused when they can withdraw."""
        asked = ConnectSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        account = connect_account(request.workspace, actor=request.user, **asked.validated_data)
        return Response(AccountSerializer(account).data, status=201)


@extend_schema(tags=["trading"])
class AccountViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[TradingAccount]):
    describes = {
        "list": "List trading accounts. On paper and at exchanges; never their keys.",
        "retrieve": "Read a trading account. Its state, what its keys may do, what it holds.",
    }
    rights = {"list": "trading.view", "retrieve": "trading.view", "*": "trading.accounts"}
    plan = {"freeze": ALWAYS}
    confirmed = {"keys", "unfreeze"}
    problems = dict.fromkeys(("keys", "check", "freeze", "unfreeze"), (409,))
    serializer_class = AccountSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = TradingAccount.objects.none()

    def get_queryset(self) -> QuerySet[TradingAccount]:
        return accounts_of(self.request.workspace)

    @extend_schema(request=KeysSerializer, responses=AccountSerializer)
    @action(detail=True, methods=["post"])
    def keys(self, request: Request, uuid: Any = None) -> Response:
        """Give an account new keys. The ones in force serve until these are found good."""
        account = self.get_object()
        asked = KeysSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        rotate_keys(account, actor=request.user, **asked.validated_data)
        return Response(AccountSerializer(account).data)

    @extend_schema(request=None, responses={202: AccountSerializer})
    @action(detail=True, methods=["post"])
    def check(self, request: Request, uuid: Any = None) -> Response:
        """Ask the exchange anew what the keys may do."""
        account = self.get_object()
        if account.is_paper:
            raise NotAtExchange(f"{account.name} is a paper account: it has no exchange and no keys.")
        enqueue_on_commit("trading.check_account", account_id=account.pk)
        return Response(AccountSerializer(account).data, status=202)

    @extend_schema(request=FreezeSerializer, responses=AccountSerializer)
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, uuid: Any = None) -> Response:
        """Freeze an account: no order leaves any more."""
        asked = FreezeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        account = self.get_object()
        reason = asked.validated_data["reason"] or f"Frozen by {request.user}."
        freeze_account(account, reason=reason, actor=request.user)
        return Response(AccountSerializer(account).data)

    @extend_schema(request=None, responses=AccountSerializer)
    @action(detail=True, methods=["post"])
    def unfreeze(self, request: Request, uuid: Any = None) -> Response:
        """Unfreeze an account. Its keys are checked before orders leave again."""
        account = self.get_object()
        unfreeze_account(account, actor=request.user)
        return Response(AccountSerializer(account).data)


@extend_schema(tags=["trading"])
class DiscrepancyViewSet(mixins.ListModelMixin, GenericApiViewSet[Discrepancy]):
    describes = {
        "list": "List where exchanges and books differ. Those nobody has looked at first; none is ever traded away."
    }
    rights = {"list": "trading.view", "*": "trading.manage"}
    serializer_class = DiscrepancySerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Discrepancy.objects.none()

    def get_queryset(self) -> QuerySet[Discrepancy]:
        return discrepancies_of(self.request.workspace)

    @extend_schema(request=None, responses=DiscrepancySerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, uuid: Any = None) -> Response:
        """Say that somebody has looked at a discrepancy. Nothing else changes."""
        found = get_discrepancy_for(request.workspace, uuid)
        resolve_discrepancy(found, actor=request.user)
        found.refresh_from_db()
        return Response(DiscrepancySerializer(found).data)
