"""Staff's view of the record and of those who read it. Read only, but for another try of what is parked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from apps.core.request_context import WAYS
from apps.core.staff import ReadOnlyAdmin, figure_of
from apps.core.words import gettext_lazy
from apps.journal.models import Checkpoint, Cursor, Entry, Retry, Seal, Verification
from apps.journal.selectors import containing
from apps.journal.services import lag, retry_parked


class ViaFilter(admin.SimpleListFilter):
    title = gettext_lazy("way")
    parameter_name = "via"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(way, way) for way in WAYS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        return queryset.filter(via=self.value()) if self.value() else queryset


class ImpersonatedFilter(admin.SimpleListFilter):
    title = gettext_lazy("staff acting for somebody")
    parameter_name = "impersonated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        return queryset.exclude(impersonator_id=None) if self.value() else queryset


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Every entry of every workspace. Search finds actions, objects, people, addresses, devices and request ids."""

    list_display = ["recorded_at", "action", "actor", "target", "workspace_id", "via", "address"]
    list_filter = [ViaFilter, ImpersonatedFilter, "recorded_at"]
    search_fields = ["action"]
    search_help_text = gettext_lazy("Action, object, person, address, device, request id or uuid")
    fields = [
        "uuid", "recorded_at", "action", "actor", "actor_id", "impersonator_id", "workspace_id",
        "target", "target_type", "target_id", "target_uuid", "what_changed", "via", "via_detail",
        "address", "used_device", "request_id", "content_hash",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        return super().get_queryset(request).prefetch_related("parts")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        text = search_term.strip().replace("\x00", "")
        if not text:
            return queryset, False
        names = queryset.filter(containing(text))
        return names | queryset.filter(request_id=text) | queryset.filter(uuid__icontains=text), False

    @admin.display(description=gettext_lazy("who"))
    def actor(self, entry: Entry) -> str:
        return entry.actor_label or "the system"

    @admin.display(description=gettext_lazy("which"))
    def target(self, entry: Entry) -> str:
        return entry.target_name

    @admin.display(description=gettext_lazy("address"))
    def address(self, entry: Entry) -> str | None:
        return entry.ip

    @admin.display(description=gettext_lazy("device"))
    def used_device(self, entry: Entry) -> str:
        return entry.device

    @admin.display(description=gettext_lazy("changes"))
    def what_changed(self, entry: Entry) -> str:
        rows = (
            f"{name}: {after if before is None else f'{before} → {after}'}"
            for name, before, after in entry.diff
        )
        return "\n".join(rows)


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    list_display = ["sealed_at", "workspace_id", "number", "chain_hash"]
    fields = ["sealed_at", "workspace_id", "number", "previous_hash", "chain_hash"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seal]:
        return super().get_queryset(request).defer("manifest")


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["made_at", "number", "chain_hash"]


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
    list_display = ["verified_at", "chain", "entries", "seals", "unsealed", "faulty"]

    @admin.display(description=gettext_lazy("chain"))
    def chain(self, verification: Verification) -> str:
        return "all" if verification.workspace_id is None else f"workspace {verification.workspace_id}"

    @admin.display(description=gettext_lazy("faults"))
    def faulty(self, verification: Verification) -> int:
        return len(verification.faults)


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    """The consumers: how far each is behind, and what it could not do."""

    list_display = ["consumer", "behind", "oldest", "retries", "parked", "moved_at"]
    ordering = ["consumer"]
    rows: dict[str, dict[str, object]]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.rows = {str(row["consumer"]): row for row in lag()}
        return super().changelist_view(request, extra_context)

    def _value(self, cursor: Cursor, name: str) -> object:
        found = self.rows.get(cursor.consumer, {}).get(name, "no longer declared" if name == "behind" else "")
        return figure_of(found) if isinstance(found, int) else found

    @admin.display(description=gettext_lazy("behind"))
    def behind(self, cursor: Cursor) -> object:
        return self._value(cursor, "behind")

    @admin.display(description=gettext_lazy("oldest it has yet to see"))
    def oldest(self, cursor: Cursor) -> object:
        return self._value(cursor, "oldest")

    @admin.display(description=gettext_lazy("waiting for another try"))
    def retries(self, cursor: Cursor) -> object:
        return self._value(cursor, "retries")

    @admin.display(description=gettext_lazy("parked"))
    def parked(self, cursor: Cursor) -> object:
        return self._value(cursor, "parked")


@admin.register(Retry)
class RetryAdmin(ReadOnlyAdmin):
    """Entries that a consumer failed on; parked ones wait for the action "Try again"."""

    list_display = ["consumer", "of_entry", "attempts", "error", "due_at", "parked_at"]
    list_filter = ["consumer", ("parked_at", admin.EmptyFieldListFilter)]
    fields = ["consumer", "of_entry", "attempts", "error", "due_at", "parked_at"]
    readonly_fields = ["of_entry"]
    actions = ["try_again"]

    @admin.display(description=Retry._meta.get_field("entry").verbose_name, ordering="entry_id")
    def of_entry(self, row: Retry) -> int:
        return row.entry_id

    @admin.action(description=gettext_lazy("Try again"), permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Retry]) -> None:
        for retry in queryset:
            retry_parked(consumer=retry.consumer, entry_id=retry.entry_id)
        messages.success(request, gettext("They will be tried again within seconds."))
