"""Staff's view of people and workspaces."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.accounts.models import ApiKey, Membership, User, Workspace


class UserAddForm(UserCreationForm):
    class Meta:
        model = User
        fields = ["email"]


class UserEditForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc]
    form = UserEditForm
    add_form = UserAddForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "is_active", "is_staff", "last_login", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name", "uuid"]
    ordering = ["-id"]
    readonly_fields = ["uuid", "last_login", "created_at"]
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "timezone", "uuid"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "password1", "password2"]})]


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Workspace)
class WorkspaceAdmin(ModelAdmin):
    list_display = ["name", "kind", "owner", "plan_code", "created_at"]
    list_filter = ["kind", "plan_code"]
    search_fields = ["name", "slug", "owner__email", "uuid"]
    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]
    readonly_fields = ["uuid"]
    inlines = [MembershipInline]
    show_full_result_count = False


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    list_display = ["name", "prefix", "workspace", "user", "last_used_at", "revoked_at"]
    search_fields = ["name", "prefix", "user__email", "workspace__name"]
    list_select_related = ["workspace", "user"]
    readonly_fields = ["workspace", "user", "prefix", "last_used_at", "uuid"]
    exclude = ["secret_hash"]
    show_full_result_count = False

    def has_add_permission(self, request: object) -> bool:
        return False
