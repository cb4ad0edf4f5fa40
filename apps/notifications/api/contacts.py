"""Where one is reached, one's ladders, and what one wants to be told."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.needs import IN_PERSON
from apps.core.api.views import ApiViewSet, GenericApiViewSet
from apps.notifications.api.serializers import (
    CodeSerializer,
    ContactChangeSerializer,
    ContactSerializer,
    LadderSerializer,
    NewContactSerializer,
    NotificationPreferencesSerializer,
    QueuedSerializer,
)
from apps.notifications.channels.registry import CHANNELS, channel_of
from apps.notifications.choices import DisabledFor
from apps.notifications.errors import NotToBeChosen
from apps.notifications.models import Contact, Ladder
from apps.notifications.selectors import arrival_wishes_of, choices_of, contacts_of, hours_of, ladders_of
from apps.notifications.services import (
    add_contact,
    change_contact,
    confirm_contact,
    disable_contact,
    enable_contact,
    remove_contact,
    remove_ladder,
    save_ladder,
    send_code,
    send_test_notice,
    set_arrival_wish,
    set_delivery_hours,
    set_preference,
)


class ContactFilterSet(django_filters.FilterSet):
    class Meta:
        model = Contact
        fields = ["channel"]


class ContactViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Contact]):
    describes = {
        "list": "List contacts. One's own; `label` shows each without giving it away.",
        "retrieve": "Read a contact. Whether it is confirmed, and how deliveries to it fare.",
    }
    rights = {"*": IN_PERSON}
    problems = {"create": (409,), "send_code": (409, 429), "test": (409,)}
    serializer_class = ContactSerializer
    filterset_class = ContactFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Contact.objects.none()

    @property
    def in_transaction(self) -> bool:  # type: ignore[override]
        """A wrong code is refused and counted all the same."""
        return self.action != "confirm"

    def get_queryset(self) -> QuerySet[Contact]:
        return contacts_of(self.request.user).filter(workspace=None).order_by("-id")  # type: ignore[arg-type]

    @extend_schema(request=NewContactSerializer, responses={201: ContactSerializer})
    def create(self, request: Request) -> Response:
        """Add a contact. A code goes there; it is used once `confirm` has brought the code back."""
        asked = NewContactSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kind, person = asked.validated_data["channel"], _person(request)
        way = channel_of(kind) if kind in CHANNELS else None
        if way is None or way.is_internal or kind == "webhook" or not way.is_set_up:
            raise NotToBeChosen(f"No contact can be added for the channel {kind!r} here.", field="channel")
        made = add_contact(person, channel=kind, target=asked.validated_data["target"], actor=person)
        send_code(made, actor=person)
        made.refresh_from_db()
        answer = Response(ContactSerializer(made).data, status=201)
        answer["Location"] = f"/api/v1/contacts/{made.uuid}/"
        return answer

    @extend_schema(request=ContactChangeSerializer, responses=ContactSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Choose its events, or switch it on and off (`is_active`)."""
        found = self.get_object()
        asked = ContactChangeSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return Response(ContactSerializer(switched(found, asked.validated_data, _person(request))).data)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Remove a contact. Its address is forgotten; the traces of what went there stay."""
        remove_contact(self.get_object(), actor=_person(request))
        return Response(status=204)

    @extend_schema(request=None, responses=ContactSerializer)
    @action(detail=True, methods=["post"], url_path="send-code", filterset_class=None)
    def send_code(self, request: Request, uuid: Any = None) -> Response:
        """Send another code. The one before it stops counting."""
        send_code(self.get_object(), actor=_person(request))
        return Response(ContactSerializer(self.get_object()).data)

    @extend_schema(request=CodeSerializer, responses=ContactSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def confirm(self, request: Request, uuid: Any = None) -> Response:
        """Confirm a contact by the code that came there. After five wrong ones a new code is needed."""
        found = self.get_object()
        asked = CodeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = confirm_contact(found, asked.validated_data["code"], actor=_person(request))
        return Response(ContactSerializer(found).data)

    @extend_schema(request=None, responses={202: QueuedSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def test(self, request: Request, uuid: Any = None) -> Response:
        """Send a test there."""
        return Response({"key": send_test_notice(self.get_object())}, status=202)


def switched(contact: Contact, values: dict[str, Any], actor: User) -> Contact:
    """The contact with other options, on or off, as asked."""
    values = dict(values)
    active = values.pop("is_active", None)
    if values:
        contact = change_contact(contact, actor=actor, **values)
    if active is True:
        enable_contact(contact, actor=actor)
    elif active is False:
        disable_contact(contact, why=DisabledFor.PERSON, actor=actor)
    contact.refresh_from_db()
    return contact


class LadderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Ladder]):
    describes = {
        "list": "List ladders. One's own, which alarms climb until somebody answers.",
        "retrieve": "Read a ladder. Its steps, and what ends it.",
    }
    rights = {"*": IN_PERSON}
    problems = {"create": (409,), "partial_update": (409,), "destroy": (409,)}
    serializer_class = LadderSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Ladder.objects.none()

    def get_queryset(self) -> QuerySet[Ladder]:
        return ladders_of(self.request.user).order_by("-id")  # type: ignore[arg-type]

    @extend_schema(responses={201: LadderSerializer})
    def create(self, request: Request) -> Response:
        """Make a ladder."""
        asked = LadderSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = {"until": Ladder._meta.get_field("until").default, **asked.validated_data}
        made = save_ladder(_person(request), actor=_person(request), **values)
        answer = Response(LadderSerializer(made).data, status=201)
        answer["Location"] = f"/api/v1/ladders/{made.uuid}/"
        return answer

    @extend_schema(request=LadderSerializer, responses=LadderSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Change a ladder. Notices on their way keep the steps they were planned with."""
        found = self.get_object()
        asked = LadderSerializer(found, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        values = {"name": found.name, "until": found.until, "steps": found.steps, **asked.validated_data}
        changed = save_ladder(_person(request), actor=_person(request), ladder=found, **values)
        return Response(LadderSerializer(changed).data)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Remove a ladder that nothing uses."""
        remove_ladder(self.get_object(), actor=_person(request))
        return Response(status=204)


class NotificationPreferencesViewSet(ApiViewSet):
    """What the person is told on which channel, quiet hours and digest."""

    rights = {"*": IN_PERSON}

    @extend_schema(responses=NotificationPreferencesSerializer)
    def retrieve(self, request: Request) -> Response:
        """Read what I am told. Every event with its mode on each channel, and my hours."""
        return Response(self._representation(request))

    @extend_schema(request=NotificationPreferencesSerializer, responses=NotificationPreferencesSerializer)
    def partial_update(self, request: Request) -> Response:
        """Change what I am told. Events, channels and hours that are not named stay as they are."""
        person = _person(request)
        User.objects.select_for_update().only("pk").get(pk=person.pk)
        self.check_version(lambda: self._representation(request))
        asked = NotificationPreferencesSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        kept = {
            (event.name, choice.channel): choice.mode
            for event, choices in choices_of(person)
            for choice in choices
        }
        arrival = arrival_wishes_of(person)
        for one in asked.validated_data.get("events", []):
            for way in one["channels"]:
                if kept.get((one["event"], way["channel"])) != way["mode"]:
                    set_preference(
                        person, event=one["event"], channel=way["channel"], mode=way["mode"], actor=person
                    )
            if "within_s" in one and one["within_s"] != arrival.get(one["event"]):
                set_arrival_wish(person, event=one["event"], within_s=one["within_s"], actor=person)
        if hours := asked.validated_data.get("hours"):
            set_delivery_hours(person, dict(hours), actor=person)
        return Response(self._representation(request))

    def _representation(self, request: Request) -> Any:
        person = _person(request)
        arrival = arrival_wishes_of(person)
        return NotificationPreferencesSerializer(
            {
                "timezone": person.timezone,
                "hours": hours_of(person),
                "events": [
                    {
                        "event": event.name,
                        "words": event.words,
                        "is_required": event.required,
                        "within_s": arrival.get(event.name),
                        "channels": [
                            {"channel": one.channel, "mode": one.mode, "choices": list(one.options)}
                            for one in choices
                        ],
                    }
                    for event, choices in choices_of(person)
                ],
            }
        ).data


def _person(request: Request) -> User:
    return request.user  # type: ignore[return-value]
