"""Requests and answers of the language's services."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import Serializer
from apps.formulas.selectors import MAX_POINTS, PREVIEW_BARS


class TextSerializer(Serializer[dict[str, Any]]):
    text = serializers.CharField(trim_whitespace=False, allow_blank=True, max_length=64 * 1024)


class CheckRequestSerializer(Serializer[dict[str, Any]]):
    """Far longer texts than a formula may have are read, to be refused in the checker's words."""

    text = serializers.CharField(trim_whitespace=False, allow_blank=True, max_length=2_000_000)
    settings = serializers.DictField(default=dict)


class WithSettingsSerializer(TextSerializer):
    settings = serializers.DictField(default=dict)


class PlaceSerializer(TextSerializer):
    line = serializers.IntegerField(min_value=1, help_text="From 1")
    column = serializers.IntegerField(min_value=1, help_text="From 1; the cursor stands before it")


class TextFromSerializer(Serializer[dict[str, Any]]):
    """Either `tree` or `blocks`."""

    tree = serializers.JSONField(required=False)
    blocks = serializers.JSONField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("tree" in attrs) == ("blocks" in attrs):
            raise serializers.ValidationError({"tree": "Give either tree or blocks."})
        return attrs


class PineRequestSerializer(WithSettingsSerializer):
    kind = serializers.ChoiceField(choices=["indicator", "strategy"], default="indicator")
    name = serializers.CharField(default="Formula", max_length=120)


class PineSourceSerializer(Serializer[dict[str, Any]]):
    source = serializers.CharField(trim_whitespace=False, max_length=256 * 1024, help_text="A Pine script")


class OnBarsSerializer(WithSettingsSerializer):
    bar_set = serializers.UUIDField(help_text="uuid of the bars, see /bars/")


class DiffRequestSerializer(Serializer[dict[str, Any]]):
    """With `bar_set` the answer has the signals added and removed on its last bars as well."""

    old = serializers.CharField(trim_whitespace=False, allow_blank=True, max_length=64 * 1024)
    new = serializers.CharField(trim_whitespace=False, allow_blank=True, max_length=64 * 1024)
    bar_set = serializers.UUIDField(required=False)
    old_settings = serializers.DictField(default=dict)
    new_settings = serializers.DictField(default=dict)


class EvaluateRequestSerializer(OnBarsSerializer):
    start = serializers.DateTimeField(required=False, help_text="The first bar of the answer")
    end = serializers.DateTimeField(required=False, help_text="The last bar; by default that of the set")
    points = serializers.IntegerField(
        default=1_000, min_value=1, max_value=MAX_POINTS, help_text="At most so many bars, the last ones"
    )


class PreviewRequestSerializer(OnBarsSerializer):
    end = serializers.DateTimeField(required=False, help_text="The last bar; by default that of the set")
    points = serializers.IntegerField(
        default=500, min_value=1, max_value=PREVIEW_BARS, help_text="At most so many bars, the last ones"
    )
    with_bars = serializers.BooleanField(default=True, help_text="Whether the bars themselves are sent, too")


class WhyRequestSerializer(OnBarsSerializer):
    time = serializers.DateTimeField(
        required=False, help_text="The bar that opens then, or the last before; by default the last"
    )


class FormulaProblemSerializer(Serializer[Any]):
    line = serializers.IntegerField()
    column = serializers.IntegerField()
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    node = serializers.CharField(allow_blank=True, help_text="Path into the tree, for blocks")


class CheckReportSerializer(Serializer[Any]):
    ok = serializers.BooleanField()
    errors = FormulaProblemSerializer(many=True)
    warnings = FormulaProblemSerializer(many=True)
    lookback = serializers.IntegerField(allow_null=True)
    inputs = serializers.ListField(child=serializers.DictField(), allow_null=True)
    hash = serializers.CharField(allow_null=True)
    cost = serializers.DictField(allow_null=True, help_text="Steps and bytes per bar, with their limits")


class ParameterSerializer(Serializer[Any]):
    name = serializers.CharField()
    takes = serializers.CharField()


class CompletionSerializer(Serializer[Any]):
    label = serializers.CharField()
    kind = serializers.CharField()
    signature = serializers.CharField(allow_blank=True)
    summary = serializers.CharField(allow_blank=True)
    insert = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    parameters = ParameterSerializer(many=True)


class HoverSerializer(Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    details = serializers.ListField(child=serializers.CharField())
    parameters = ParameterSerializer(many=True)
    url = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()


class SignatureSerializer(Serializer[Any]):
    name = serializers.CharField()
    signature = serializers.CharField()
    summary = serializers.CharField()
    parameters = ParameterSerializer(many=True)
    active = serializers.IntegerField(allow_null=True)


class TextResultSerializer(Serializer[Any]):
    text = serializers.CharField()
    ids = serializers.DictField(
        child=serializers.CharField(), help_text="Of blocks: node of the tree to id of the block"
    )


class FormattedSerializer(Serializer[Any]):
    text = serializers.CharField()


class ExplanationSerializer(Serializer[Any]):
    explanation = serializers.CharField()


class PineSerializer(Serializer[Any]):
    script = serializers.CharField(allow_blank=True, help_text="Empty where there are problems")
    problems = FormulaProblemSerializer(many=True)


class PineLineSerializer(Serializer[Any]):
    line = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["imported", "needs_edit", "impossible", "ignored"])
    message = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)


class PineImportSerializer(Serializer[Any]):
    text = serializers.CharField(help_text="The formula")
    name = serializers.CharField(allow_blank=True)
    ok = serializers.BooleanField(help_text="The formula has no errors")
    complete = serializers.BooleanField(help_text="And nothing of the script is missing")
    report = PineLineSerializer(many=True)


class ChangeSerializer(Serializer[Any]):
    kind = serializers.ChoiceField(choices=["added", "removed", "changed", "renamed", "moved"])
    subject = serializers.CharField()
    sentence = serializers.CharField()
    old = serializers.CharField(allow_null=True)
    new = serializers.CharField(allow_null=True)
    old_line = serializers.IntegerField(allow_null=True)
    new_line = serializers.IntegerField(allow_null=True)
    old_node = serializers.CharField(allow_null=True)
    new_node = serializers.CharField(allow_null=True)


class FiredSignalSerializer(Serializer[Any]):
    time = serializers.CharField()
    kind = serializers.CharField()
    text = serializers.CharField(allow_null=True)


class SignalChangesSerializer(Serializer[Any]):
    evaluated = serializers.IntegerField(help_text="Bars")
    added = FiredSignalSerializer(many=True)
    added_count = serializers.IntegerField()
    removed = FiredSignalSerializer(many=True)
    removed_count = serializers.IntegerField()
    kept_count = serializers.IntegerField()


class DiffSerializer(Serializer[Any]):
    changes = ChangeSerializer(many=True)
    summary = serializers.CharField()
    signals = SignalChangesSerializer(allow_null=True)


class TemplateSerializer(Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    category = serializers.CharField()
    sample = serializers.CharField(help_text="The demo data it is meant for: daily or minute")
    prose = serializers.CharField(help_text="Markdown")
    text = serializers.CharField()
    cases = serializers.ListField(child=serializers.DictField(), help_text="The tests it comes with")
