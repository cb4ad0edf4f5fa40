"""Notices, deliveries, contacts, endpoints and wishes as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import ClockField, ModelSerializer, Serializer
from apps.notifications.api.fields import UrgencyField
from apps.notifications.choices import DisabledFor, Mode, Until
from apps.notifications.models import Attempt, Contact, Delivery, Ladder, Notice
from apps.notifications.rules.routing import BOUNDS
from apps.notifications.selectors import content_of
from apps.notifications.services import preview_of
from apps.notifications.services.ladders import MOST_STEPS, MOST_WAIT_S


class FactSerializer(Serializer[Any]):
    name = serializers.CharField()
    value = serializers.CharField()


class NoticeSerializer(ModelSerializer[Notice]):
    workspace = serializers.UUIDField(source="workspace.uuid", read_only=True, allow_null=True, default=None)
    urgency = UrgencyField(read_only=True)
    title = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    facts = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="A path of this site, or a whole address; often empty.")
    waits_for_answer = serializers.SerializerMethodField(
        help_text="Its ladder goes on until it is acknowledged."
    )

    class Meta:
        model = Notice
        fields = [
            "uuid",
            "event",
            "workspace",
            "title",
            "text",
            "facts",
            "url",
            "data",
            "urgency",
            "waits_for_answer",
            "is_test",
            "created_at",
            "read_at",
            "acknowledged_at",
            "routing",
        ]
        read_only_fields = fields

    def get_title(self, notice: Notice) -> str:
        return content_of(notice).title

    def get_text(self, notice: Notice) -> str:
        return content_of(notice).text

    @extend_schema_field(FactSerializer(many=True))
    def get_facts(self, notice: Notice) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in content_of(notice).facts]

    def get_url(self, notice: Notice) -> str:
        return content_of(notice).url

    def get_waits_for_answer(self, notice: Notice) -> bool:
        return notice.until == Until.ACKNOWLEDGED and notice.acknowledged_at is None


class ReadAllSerializer(Serializer[Any]):
    notices = serializers.IntegerField(help_text="How many were unread.")


class AttemptSerializer(ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = [
            "number",
            "provider",
            "began_at",
            "ended_at",
            "outcome",
            "http_status",
            "price",
            "currency",
            "error",
        ]
        read_only_fields = fields


class DeliverySerializer(ModelSerializer[Delivery]):
    notice = serializers.UUIDField(source="notice.uuid", read_only=True)
    event = serializers.CharField(source="notice.event", read_only=True)
    contact = serializers.UUIDField(source="contact.uuid", read_only=True, allow_null=True, default=None)
    contact_label = serializers.CharField(source="contact.label", read_only=True, default="")

    class Meta:
        model = Delivery
        fields = [
            "uuid",
            "notice",
            "event",
            "channel",
            "contact",
            "contact_label",
            "step",
            "status",
            "in_digest",
            "attempts",
            "provider",
            "price",
            "currency",
            "cost",
            "error",
            "created_at",
            "send_after",
            "ended_at",
            "arrived_at",
        ]
        read_only_fields = fields


class PreviewSerializer(Serializer[Any]):
    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()


class DeliveryTraceSerializer(DeliverySerializer):
    """A delivery with each attempt, and what was or would be sent (null for what cannot be shown)."""

    trace = AttemptSerializer(many=True, read_only=True)
    preview = serializers.SerializerMethodField()

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "trace", "preview"]
        read_only_fields = fields

    @extend_schema_field(PreviewSerializer(allow_null=True))
    def get_preview(self, delivery: Delivery) -> dict[str, str] | None:
        made = preview_of(delivery)
        return {"subject": made.subject, "text": made.text, "html": made.html} if made else None


EVENTS_HELP = "Names, or beginnings such as signals.*; * is every event."


class ContactSerializer(ModelSerializer[Contact]):
    events = serializers.ListField(
        child=serializers.CharField(max_length=80), source="options.events", default=list, read_only=True
    )
    discreet = serializers.BooleanField(
        source="options.discreet",
        default=False,
        read_only=True,
        help_text="The message stays behind the log-in.",
    )
    is_active = serializers.SerializerMethodField(help_text="Confirmed and not switched off.")
    disabled_for = serializers.CharField(
        read_only=True, help_text=f"{', '.join(DisabledFor.values)}; empty while it is on."
    )

    class Meta:
        model = Contact
        fields = [
            "uuid",
            "channel",
            "label",
            "events",
            "discreet",
            "is_active",
            "verified_at",
            "disabled_at",
            "disabled_for",
            "disabled_note",
            "failing_since",
            "last_ok_at",
            "created_at",
        ]
        read_only_fields = fields

    def get_is_active(self, contact: Contact) -> bool:
        return contact.is_usable


class NewContactSerializer(Serializer[Any]):
    channel = serializers.CharField(max_length=20, help_text="email, sms, telegram, …: as set up here.")
    target = serializers.CharField(
        max_length=500, help_text="The address, number or chat; never answered again."
    )


class ContactChangeSerializer(Serializer[Any]):
    events = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=100, help_text=EVENTS_HELP
    )
    discreet = serializers.BooleanField(
        required=False,
        help_text="What goes there says only that there is something new, with a link to the inbox.",
    )
    is_active = serializers.BooleanField(required=False)


class CodeSerializer(Serializer[Any]):
    code = serializers.CharField(max_length=12)


class QueuedSerializer(Serializer[Any]):
    """A test that is on its way."""

    key = serializers.CharField(help_text="The key of the notice.")


class EndpointSerializer(ContactSerializer):
    name = serializers.CharField(source="options.name", default="", read_only=True)
    filter = serializers.CharField(source="options.filter", default="", read_only=True)
    ordered = serializers.BooleanField(source="options.ordered", default=False, read_only=True)
    ordered_by = serializers.CharField(source="options.ordered_by", default="", read_only=True)
    made_by = serializers.EmailField(source="person.email", read_only=True)

    class Meta(ContactSerializer.Meta):
        fields = [
            "uuid",
            "name",
            "label",
            "events",
            "filter",
            "ordered",
            "ordered_by",
            "made_by",
            "is_active",
            "disabled_at",
            "disabled_for",
            "disabled_note",
            "failing_since",
            "last_ok_at",
            "created_at",
        ]
        read_only_fields = fields


class EndpointChangeSerializer(ContactChangeSerializer):
    discreet = None  # type: ignore[assignment]
    name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    filter = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text='A condition in the formula language over the data, such as price > 45000 and symbol == "BTCUSDT".',
    )
    ordered = serializers.BooleanField(
        required=False, help_text="The next delivery waits until the one before it has ended."
    )
    ordered_by = serializers.RegexField(
        r"^\w{0,40}$",
        required=False,
        allow_blank=True,
        help_text="A field of the data: order is kept among deliveries that say the same in it.",
    )


class EndpointRequestSerializer(EndpointChangeSerializer):
    url = serializers.CharField(max_length=500, help_text="https, reachable from the internet.")
    signing = serializers.ChoiceField(
        choices=["v1", "v1a"], default="v1", help_text="v1: a shared secret; v1a: an ed25519 key pair."
    )
    is_active = None  # type: ignore[assignment]


class NewEndpointSerializer(EndpointSerializer):
    secret = serializers.CharField(
        read_only=True, help_text="What signatures are verified with, in this answer only."
    )

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class RotateSigningKeySerializer(Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=168, default=24, help_text="How long the present key goes on signing too."
    )


class ReplaySerializer(Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    also_delivered = serializers.BooleanField(default=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values["since"] >= values["until"]:
            raise serializers.ValidationError({"until": ["The end comes before the beginning."]})
        return values


class ReplayedSerializer(Serializer[Any]):
    deliveries = serializers.IntegerField(help_text="How many are sent again.")


class StepSerializer(Serializer[Any]):
    channel = serializers.CharField(max_length=20)
    wait_s = serializers.IntegerField(
        min_value=0, max_value=MOST_WAIT_S, help_text="Seconds after the step before it."
    )


class LadderSerializer(ModelSerializer[Ladder]):
    steps = StepSerializer(many=True, min_length=1, max_length=MOST_STEPS)  # type: ignore[call-arg]

    class Meta:
        model = Ladder
        fields = ["uuid", "name", "until", "steps", "created_at", "updated_at"]
        read_only_fields = ["uuid", "created_at", "updated_at"]


class ChannelChoiceSerializer(Serializer[Any]):
    channel = serializers.CharField(max_length=20)
    mode = serializers.ChoiceField(choices=Mode.choices)
    choices = serializers.ListField(
        child=serializers.ChoiceField(choices=Mode.choices), read_only=True, help_text="None: it is fixed."
    )


class EventChoiceSerializer(Serializer[Any]):
    event = serializers.CharField(max_length=80)
    words = serializers.CharField(read_only=True)
    is_required = serializers.BooleanField(read_only=True)
    within_s = serializers.ChoiceField(
        choices=BOUNDS,
        required=False,
        allow_null=True,
        help_text="Take the cheapest channels that arrive in so many seconds; null: all that are chosen.",
    )
    channels = ChannelChoiceSerializer(many=True)


class HoursSerializer(Serializer[Any]):
    quiet_from = ClockField(allow_null=True, required=False)
    quiet_until = ClockField(allow_null=True, required=False)
    breaks_through = UrgencyField(required=False, help_text="From this urgency on, quiet hours do not count.")
    digest_at = ClockField(required=False)
    monthly_budget = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=1_000_000,
        help_text="Credits that events with `within_s` may cost in a month; null: no limit.",
    )


class NotificationPreferencesSerializer(Serializer[Any]):
    timezone = serializers.CharField(read_only=True, help_text="Of the profile; the hours are by its clock.")
    hours = HoursSerializer(required=False)
    events = EventChoiceSerializer(many=True, required=False)
