"""The caller, the caller's preferences, and the people staff look after."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import django_filters
from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import ApiKey, Preferences, User
from apps.accounts.needs import IN_PERSON, SIGNED_IN, HoldsRight
from apps.accounts.selectors import preferences_of
from apps.accounts.services import (
    PREFERENCES,
    activate_user,
    suspend_user,
    update_preferences,
    update_profile,
)
from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import GenericApiViewSet

MANAGE = "accounts.can_manage_users"


class TimeZoneField(serializers.CharField):
    """A name of the IANA time zone database."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value not in available_timezones():
            raise serializers.ValidationError(f"{value!r} is no time zone; one is Europe/Berlin.")
        return value


class UserSerializer(ModelSerializer[User]):
    timezone = TimeZoneField(max_length=50, required=False)

    class Meta:
        model = User
        fields = ["uuid", "email", "name", "language", "timezone", "locale", "base_currency", "created_at"]
        read_only_fields = ["uuid", "email", "created_at"]


class PreferencesSerializer(ModelSerializer[Preferences]):
    class Meta:
        model = Preferences
        fields = PREFERENCES


class StaffUserSerializer(UserSerializer):
    class Meta(UserSerializer.Meta):
        fields = [
            *UserSerializer.Meta.fields,
            "is_active", "is_staff", "suspended_at", "suspended_for", "last_login",
        ]  # fmt: skip
        read_only_fields = [
            *UserSerializer.Meta.read_only_fields,
            "is_active", "is_staff", "suspended_at", "suspended_for", "last_login",
        ]  # fmt: skip


class ReasonSerializer(Serializer[Any]):
    reason = serializers.CharField(max_length=300, help_text="The person is told it.")


class PeopleFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="find", label="part of the address or the name")

    class Meta:
        model = User
        fields = ["is_active", "is_staff"]

    def find(self, people: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return people.filter(Q(email__icontains=value) | Q(name__icontains=value))


class ManagesPeople(BasePermission):
    """Staff with the permission accounts.can_manage_users and a second factor, in person: an API key never does.

    For others somebody else's id is one that does not exist.
    """

    message = f"This needs a member of staff with the permission {MANAGE} and a second factor, signed in as a person."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        if manages_people(request):
            return True
        if view.action in ("suspend", "activate"):
            raise Http404
        return view.action != "list"


def manages_people(request: Request) -> bool:
    user = request.user
    if not user.is_authenticated or isinstance(request.auth, ApiKey):
        return False
    return user.second_factors_at is not None and user.is_staff and user.has_perm(MANAGE)


class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[User]):
    """People: `me` for everybody, the rest for staff with the permission accounts.can_manage_users."""

    describes = {
        "list": "List people. For staff with the permission `accounts.can_manage_users`; others get 403.",
        "retrieve": "Read a person. For staff with the permission `accounts.can_manage_users`.",
        "me_get": "Read my profile. Tells who the key, token or session of the request belongs to.",
        "me_patch": "Change my profile. The e-mail address is changed on the settings pages only.",
        "preferences_get": (
            "Read my preferences. How I want to see and be told things, and what new research starts from."
        ),
        "preferences_put": (
            "Replace my preferences. What is left out goes back to its default: send back what you read, with "
            "your changes."
        ),
    }
    serializer_class = StaffUserSerializer
    permission_classes = [HoldsRight, ManagesPeople]
    filterset_class = PeopleFilter
    lookup_field = "uuid"
    queryset = User.objects.none()
    rights = {"me": (SIGNED_IN, IN_PERSON), "preferences": (SIGNED_IN, IN_PERSON), "*": IN_PERSON}
    confirmed = {"suspend", "activate"}
    problems = {"list": (403,), "suspend": (409, 422), "activate": (409,)}

    def get_queryset(self) -> QuerySet[User]:
        return (
            User.objects.all()
            if manages_people(self.request)
            else User.objects.filter(pk=self.request.user.pk)
        )

    def get_serializer_class(self) -> type[serializers.BaseSerializer[User]]:
        described = getattr(self, "swagger_fake_view", False)  # nobody asks then
        return StaffUserSerializer if described or manages_people(self.request) else UserSerializer

    @extend_schema(request=StaffUserSerializer, responses=StaffUserSerializer)
    def partial_update(self, request: Request, uuid: str) -> Response:
        """Change a person's profile."""
        user = self.get_object()
        found = self.get_serializer(user, data=request.data, partial=True)
        found.is_valid(raise_exception=True)
        update_profile(user, actor=request.user, **found.validated_data)
        return Response(self.get_serializer(user).data)

    @extend_schema(methods=["GET"], responses=UserSerializer)
    @extend_schema(methods=["PATCH"], request=UserSerializer, responses=UserSerializer)
    @action(detail=False, methods=["get", "patch"], filterset_class=None, pagination_class=None)
    def me(self, request: Request) -> Response:
        """Who am I; a PATCH changes my profile. The address is changed on the settings page, by confirmation."""
        user = request.user
        if request.method == "PATCH":
            user = self.locked(User.objects.get(pk=user.pk), UserSerializer)
            found = UserSerializer(user, data=request.data, partial=True)
            found.is_valid(raise_exception=True)
            update_profile(user, **found.validated_data)
        return Response(UserSerializer(user).data)

    @extend_schema(methods=["GET"], responses=PreferencesSerializer)
    @extend_schema(methods=["PUT"], request=PreferencesSerializer, responses=PreferencesSerializer)
    @action(
        detail=False, methods=["get", "put"], url_path="me/preferences", filterset_class=None, pagination_class=None
    )  # fmt: skip
    def preferences(self, request: Request) -> Response:
        """How I want to see and be told things, and what new research starts from. In a PUT, what is left out goes
        back to its default."""
        user = request.user
        if request.method == "PUT":
            user = User.objects.select_for_update().get(pk=user.pk)
            self.check_version(lambda: PreferencesSerializer(preferences_of(user)).data)
            found = PreferencesSerializer(data=request.data)
            found.is_valid(raise_exception=True)
            blank = Preferences()
            update_preferences(
                user, {name: getattr(blank, name) for name in PREFERENCES} | found.validated_data
            )
        return Response(PreferencesSerializer(preferences_of(user)).data)

    @extend_schema(request=ReasonSerializer, responses=StaffUserSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def suspend(self, request: Request, uuid: str) -> Response:
        """Suspend a person: every session, token and key ends at once, and the person is told why."""
        found = ReasonSerializer(data=request.data)
        found.is_valid(raise_exception=True)
        user = suspend_user(self.get_object(), reason=found.validated_data["reason"], actor=request.user)
        return Response(self.get_serializer(user).data)

    @extend_schema(request=None, responses=StaffUserSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def activate(self, request: Request, uuid: str) -> Response:
        """Open a suspended account again. Keys and sign-ins that ended with it stay ended."""
        return Response(self.get_serializer(activate_user(self.get_object(), actor=request.user)).data)
