"""Formulas, their versions and tests as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import ModelSerializer, Serializer
from apps.formulas.choices import ShareLevel
from apps.formulas.models import Formula, FormulaCase, FormulaVersion


class FormulaSerializer(ModelSerializer[Formula]):
    text = serializers.CharField(max_length=16 * 1024, trim_whitespace=False, allow_blank=True)
    access = serializers.SerializerMethodField(help_text="own, or the level at which it is shared with you")

    class Meta:
        model = Formula
        fields = [
            "uuid",
            "name",
            "text",
            "access",
            "forked_from_label",
            "forked_from_hash",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["forked_from_label", "forked_from_hash"]

    @extend_schema_field(serializers.ChoiceField(["own", *ShareLevel.values]))
    def get_access(self, formula: Formula) -> str:
        return formula.level or "own"

    def to_representation(self, formula: Formula) -> dict[str, Any]:
        """To somebody outside without the name of the formula it was forked from, which is not shared with them."""
        found = super().to_representation(formula)
        return found | {"forked_from_label": "", "forked_from_hash": ""} if formula.level else found


class FormulaVersionSerializer(ModelSerializer[FormulaVersion]):
    published_by = serializers.SerializerMethodField()

    class Meta:
        model = FormulaVersion
        fields = ["uuid", "number", "text", "content_hash", "note", "published_by", "created_at"]

    def get_published_by(self, version: FormulaVersion) -> str | None:
        """Nobody's name for somebody outside the workspace."""
        is_named = version.published_by and not self.context.get("is_shared")
        return str(version.published_by) if is_named else None


class FormulaVersionDetailSerializer(FormulaVersionSerializer):
    cases = serializers.ListField(child=serializers.DictField(), help_text="The tests it passed")

    class Meta(FormulaVersionSerializer.Meta):
        fields = [*FormulaVersionSerializer.Meta.fields, "cases"]


class ListSerializer(Serializer[dict[str, Any]]):
    shared = serializers.BooleanField(default=False)


class PublishSerializer(Serializer[dict[str, Any]]):
    note = serializers.CharField(max_length=500, default="", allow_blank=True, help_text="What changed")


class ForkSerializer(Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=120, default="", allow_blank=True)


class RelativeSerializer(Serializer[Any]):
    label = serializers.CharField(help_text="The version that was forked")
    content_hash = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    uuid = serializers.UUIDField(allow_null=True, help_text="null for one that this workspace cannot open")
    depth = serializers.IntegerField()


class LineageSerializer(Serializer[Any]):
    ancestors = RelativeSerializer(many=True)
    descendants = RelativeSerializer(many=True)


class FormulaCaseSerializer(ModelSerializer[FormulaCase]):
    content = serializers.JSONField(help_text="name, bars, signals …; see docs/formulas.md")

    class Meta:
        model = FormulaCase
        fields = ["uuid", "name", "content", "bars", "created_at", "updated_at"]
        read_only_fields = ["name", "bars"]


class SnapshotSerializer(Serializer[dict[str, Any]]):
    """The bars of a bar set from `start` to `end`, whose signals from `compare_from` on are kept."""

    name = serializers.CharField(max_length=120)
    bar_set = serializers.UUIDField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    compare_from = serializers.DateTimeField(required=False)
    settings = serializers.DictField(default=dict)


class SignalAtSerializer(Serializer[Any]):
    bar = serializers.IntegerField()
    time = serializers.CharField(allow_null=True)
    kind = serializers.CharField()
    text = serializers.CharField(allow_null=True)


class WrongValueSerializer(Serializer[Any]):
    series = serializers.CharField()
    bar = serializers.IntegerField()
    time = serializers.CharField(allow_null=True)
    expected = serializers.FloatField(allow_null=True)
    found = serializers.FloatField(allow_null=True)


class CaseResultSerializer(Serializer[Any]):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    ok = serializers.BooleanField()
    error = serializers.CharField(allow_blank=True)
    missing = SignalAtSerializer(many=True)
    extra = SignalAtSerializer(many=True)
    wrong_values = serializers.IntegerField()
    values = WrongValueSerializer(many=True)
    sentence = serializers.CharField(allow_blank=True)


class TestsResultSerializer(Serializer[Any]):
    ok = serializers.BooleanField()
    results = CaseResultSerializer(many=True)


class TestsRequestSerializer(Serializer[dict[str, Any]]):
    text = serializers.CharField(
        required=False, trim_whitespace=False, max_length=64 * 1024, help_text="Instead of the draft"
    )
