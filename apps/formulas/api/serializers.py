from rest_framework import serializers

from apps.formulas.models import Formula, FormulaVersion


class FormulaSerializer(serializers.ModelSerializer[Formula]):
    text = serializers.CharField(max_length=16 * 1024, trim_whitespace=False, allow_blank=True)

    class Meta:
        model = Formula
        fields = ["uuid", "name", "text", "created_at", "updated_at"]


class FormulaVersionSerializer(serializers.ModelSerializer[FormulaVersion]):
    class Meta:
        model = FormulaVersion
        fields = ["uuid", "number", "text", "content_hash", "created_at"]


class CheckRequestSerializer(serializers.Serializer[dict[str, str]]):
    text = serializers.CharField(trim_whitespace=False, allow_blank=True, max_length=2_000_000)


class FormulaErrorSerializer(serializers.Serializer[dict[str, object]]):
    line = serializers.IntegerField()
    column = serializers.IntegerField()
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)


class CheckReportSerializer(serializers.Serializer[dict[str, object]]):
    ok = serializers.BooleanField()
    errors = FormulaErrorSerializer(many=True)
    warnings = FormulaErrorSerializer(many=True)
    lookback = serializers.IntegerField(allow_null=True)
    inputs = serializers.ListField(child=serializers.DictField(), allow_null=True)
    hash = serializers.CharField(allow_null=True)
