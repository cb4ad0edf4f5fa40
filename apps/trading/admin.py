"""Staff's view of trading, and the switch that stops all of it."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.accounts.confirm import require_confirmed
from apps.core.errors import DomainError
from apps.core.staff import ReadOnlyAdmin
from apps.core.words import gettext_lazy
from apps.trading.choices import SwitchScope
from apps.trading.models import Discrepancy, KillSwitch, TradingAccount
from apps.trading.services import lift_switch, throw_switch


class StopForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Everybody who trades reads it. Nothing new is opened from then on; closing stays allowed."
        ),
    )


@admin.register(KillSwitch)
class KillSwitchAdmin(ReadOnlyAdmin):
    """Switches of workspaces are theirs to lift; the platform's is thrown and lifted here."""

    list_display = ["what", "workspace", "reason", "actor", "created_at", "lifted_at", "lifted_by"]
    list_filter = ["scope", ("lifted_at", admin.EmptyFieldListFilter)]
    search_fields = ["uuid", "reason", "value", "workspace__name"]
    list_select_related = ["workspace", "book", "actor", "lifted_by"]
    ordering = ["-id"]
    actions_list = ["stop_platform"]
    actions_detail = ["lift"]

    @admin.display(description=gettext_lazy("What stops"))
    def what(self, switch: KillSwitch) -> str:
        return str(switch)

    def has_stop_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("trading.add_killswitch")

    @action(description=gettext_lazy("Stop the platform …"), permissions=["stop"], url_path="stop-platform")
    def stop_platform(self, request: HttpRequest) -> HttpResponse:
        """For everybody, with a reason, after a fresh proof of who it is."""
        require_confirmed(request)
        form = StopForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            throw_switch(
                scope=SwitchScope.PLATFORM,
                reason=form.cleaned_data["reason"],
                workspace=None,
                actor=request.user,  # type: ignore[arg-type]
            )
            messages.success(request, gettext("Nothing new is opened anywhere from now on."))
            return redirect("admin:trading_killswitch_changelist")
        return self._ask(
            request, form, gettext("Stop the platform"), reverse("admin:trading_killswitch_changelist")
        )

    @action(description=gettext_lazy("Lift …"), permissions=["stop"])
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The platform's switch; those of workspaces are lifted by their people."""
        require_confirmed(request)
        switch = get_object_or_404(KillSwitch, pk=object_id)
        page = reverse("admin:trading_killswitch_change", args=[switch.pk])
        form = forms.Form(request.POST or None)
        if switch.workspace_id is not None:
            messages.error(request, gettext("A workspace's switch is lifted by its own people."))
            return redirect(page)
        if request.method == "POST":
            try:
                lift_switch(switch, actor=request.user)  # type: ignore[arg-type]
            except DomainError as error:
                messages.error(request, error.message)
            else:
                messages.success(request, gettext("Orders go through again, wherever no other switch is on."))
            return redirect(page)
        return self._ask(request, form, "Lift", page)

    def _ask(self, request: HttpRequest, form: forms.Form, deed: str, back: str) -> HttpResponse:
        context = self.admin_site.each_context(request)
        context |= {"title": deed, "deed": deed, "form": form, "back": back}
        return render(request, "admin/accounts/reason.html", context)


@admin.register(TradingAccount)
class TradingAccountAdmin(ReadOnlyAdmin):
    list_display = ["name", "workspace", "kind", "exchange", "is_testnet", "state", "error", "checked_at"]
    list_filter = ["kind", "state", "exchange"]
    search_fields = ["uuid", "name", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]
    exclude = ["credentials", "next_credentials"]


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnlyAdmin):
    list_display = ["words", "account", "workspace", "kind", "created_at", "resolved_at"]
    list_filter = ["kind", ("resolved_at", admin.EmptyFieldListFilter)]
    search_fields = ["uuid", "words", "account__name", "workspace__name"]
    list_select_related = ["account", "workspace"]
