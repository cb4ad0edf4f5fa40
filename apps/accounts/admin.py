"""Staff's view of people and workspaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.accounts.confirm import require_confirmed
from apps.accounts.impersonation import look_as
from apps.accounts.models import ApiKey, Membership, RetentionRule, User, Workspace
from apps.accounts.services import activate_user, start_impersonation, suspend_user
from apps.accounts.services.privacy import set_days
from apps.accounts.services.second_factors import reset_second_factors
from apps.core.errors import DomainError
from apps.core.retention import kept_kinds
from apps.core.staff import ReadOnly, ReadOnlyAdmin
from apps.core.words import gettext_lazy


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "For a suspension the person is told it; for looking it is written to the journal."
        ),
    )


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
    readonly_fields = ["uuid", "last_login", "created_at", "is_active", "suspended_at", "suspended_for"]
    ACCESS = ("is_staff", "is_superuser", "groups", "user_permissions")
    show_full_result_count = False
    filter_horizontal = []  # two boxes side by side are wider than the page
    actions_detail = ["suspend", "activate", "reset_factors", "look_as"]
    fieldsets = [
        (None, {"fields": ["email", "name", "language", "timezone", "locale", "base_currency", "uuid"]}),
        (gettext_lazy("State"), {"fields": ["is_active", "suspended_at", "suspended_for"]}),
        (gettext_lazy("Access"), {"fields": ["is_staff", "is_superuser", "groups", "user_permissions"]}),
        (gettext_lazy("Times"), {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "password1", "password2"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """An address is changed by its person, who confirms it; power is given by superusers alone."""
        fixed = ["email"] if obj else []
        return [*self.readonly_fields, *fixed, *([] if request.user.is_superuser else self.ACCESS)]  # type: ignore[union-attr]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Whoever sets somebody's password can sign in as them, unseen: people get a link by mail instead."""
        raise PermissionDenied(
            gettext("Nobody sets another person's password. A new one is asked for at the sign-in.")
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            False  # an account goes by its own deletion, with its files and what must stay (docs/privacy.md)
        )

    def has_suspend_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("accounts.can_manage_users")

    def has_look_as_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("accounts.can_impersonate_users")

    @action(description=gettext_lazy("Suspend …"), permissions=["suspend"])
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._with_reason(
            request,
            object_id,
            gettext("Suspend"),
            suspend_user,
            said=gettext("{} is suspended and signed out everywhere."),
        )

    @action(description=gettext_lazy("Open again …"), permissions=["suspend"])
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._with_reason(
            request,
            object_id,
            gettext("Open again"),
            activate_user,
            needs_reason=False,
            said=gettext("The account of {} is open again."),
        )

    @action(
        description=gettext_lazy("Reset second factors …"), permissions=["suspend"], url_path="reset-factors"
    )
    def reset_factors(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For somebody who lost everything; the journal keeps the reason, the person is told by mail."""
        require_confirmed(request)
        return self._with_reason(
            request,
            object_id,
            gettext("Reset second factors"),
            reset_second_factors,
            said=gettext("{} has no second factor now."),
        )

    @action(description=gettext_lazy("Look as …"), permissions=["look_as"], url_path="look-as")
    def look_as(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def start(user: User, *, reason: str, actor: User) -> None:
            look_as(request, start_impersonation(user, reason=reason, actor=actor))

        return self._with_reason(
            request,
            object_id,
            gettext("Look as"),
            start,
            then="pages:dashboard",
            said=gettext("You look as {} now, and can change nothing."),
        )

    def _with_reason(
        self,
        request: HttpRequest,
        object_id: str,
        deed: str,
        service: Callable[..., object],
        *,
        said: str,
        needs_reason: bool = True,
        then: str = "",
    ) -> HttpResponse:
        """A page that asks for the reason, then does it; what the service refuses is said there."""
        user = get_object_or_404(User, pk=object_id)
        page = reverse("admin:accounts_user_change", args=[user.pk])
        form = ReasonForm(request.POST or None) if needs_reason else forms.Form(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                service(user, actor=request.user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, said.format(user))
                return redirect(then or page)
        context = self.admin_site.each_context(request)
        context |= {"title": f"{deed}: {user}", "deed": deed, "form": form, "person": user, "back": page}
        return render(request, "admin/accounts/reason.html", context)


class MembershipInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = Membership
    extra = 0


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "owner", "plan_code", "created_at"]
    list_filter = ["kind", "plan_code"]
    search_fields = ["name", "slug", "owner__email", "uuid"]
    list_select_related = ["owner"]
    inlines = [MembershipInline]
    show_full_result_count = False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "prefix", "workspace", "user", "last_used_at", "revoked_at"]
    search_fields = ["name", "prefix", "user__email", "workspace__name"]
    list_select_related = ["workspace", "user"]
    exclude = ["secret_hash"]
    show_full_result_count = False


class RetentionForm(forms.ModelForm):
    class Meta:
        model = RetentionRule
        fields = ["kind", "days"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "kind" in self.fields:
            choices = [
                (
                    kind,
                    gettext("{words} ({least} to {most} days, by default {days})").format(
                        words=gettext(kept.words), least=kept.least, most=kept.most, days=kept.days
                    ),
                )
                for kind, kept in sorted(kept_kinds().items())
            ]
            self.fields["kind"] = forms.ChoiceField(
                label=self.fields["kind"].label, choices=choices, widget=UnfoldAdminSelectWidget
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        kept = kept_kinds().get(values.get("kind") or self.instance.kind)
        days = values.get("days")
        if kept and days is not None and not kept.least <= days <= kept.most:
            self.add_error(
                "days",
                gettext("{words}: {least} to {most} days.").format(
                    words=gettext(kept.words), least=kept.least, most=kept.most
                ),
            )
        return values


@admin.register(RetentionRule)
class RetentionRuleAdmin(ModelAdmin):
    """How long things are kept; a kind without a row here has the days of the register."""

    form = RetentionForm
    list_display = ["kind", "days", "updated_at"]
    records_itself = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["kind"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: RetentionRule, form: Any, change: bool) -> None:
        saved = set_days(obj.kind, obj.days, actor=request.user)  # type: ignore[arg-type]
        obj.pk = saved.pk
