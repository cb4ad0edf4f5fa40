"""The journal by program."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins

from apps.core.api.filters import MomentFilter
from apps.core.api.views import GenericApiViewSet
from apps.core.request_context import WAYS
from apps.journal.models import Entry
from apps.journal.selectors import JournalFilter, containing, entries_of
from apps.pages.api.serializers import JournalEntrySerializer


class JournalFilterSet(django_filters.FilterSet):
    action = django_filters.CharFilter(method="by_action", label='In full, or "accounts.login.*".')
    target = django_filters.CharFilter(method="by_target", label='One object: "formulas.formula:UUID".')
    via = django_filters.ChoiceFilter(choices=[(way, way) for way in WAYS])
    q = django_filters.CharFilter(
        method="by_text", label="Text in the action, the names, the address or the device."
    )
    recorded_after = MomentFilter(field_name="recorded_at", lookup_expr="gte")
    recorded_before = MomentFilter(field_name="recorded_at", lookup_expr="lt")

    class Meta:
        model = Entry
        fields = ["request_id"]

    def by_action(self, entries: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        if value.endswith("*"):
            return entries.filter(action__startswith=value[:-1])
        return entries.filter(action=value)

    def by_target(self, entries: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        return entries & entries_of(self.request.workspace, JournalFilter(target=value))

    def by_text(self, entries: QuerySet[Entry], name: str, value: str) -> QuerySet[Entry]:
        return entries.filter(containing(value))


@extend_schema(tags=["journal"])
class JournalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Entry]):
    """Who did what in the workspace, newest first. Nothing here can be changed."""

    describes = {
        "list": (
            "List journal entries. Who did what in the workspace, newest first; nothing here can be changed."
        ),
        "retrieve": "Read a journal entry. With its place in the chain of hashes.",
    }
    rights = {"*": "journal.view"}
    serializer_class = JournalEntrySerializer
    filterset_class = JournalFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        return entries_of(self.request.workspace)
