"""Forms of the settings pages."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms

from apps.accounts.choices import GRANTED_ROLES, Role
from apps.accounts.models import Membership, Preferences, SavedView, User, Workspace
from apps.accounts.selectors import members_of
from apps.accounts.services import PREFERENCES
from apps.accounts.services.recovery import request_new_password
from apps.core.overtaken import SeenForm
from apps.core.words import gettext_lazy


class ProfileForm(SeenForm, forms.ModelForm):
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=lambda: [(z, z.replace("_", " ")) for z in sorted(available_timezones())],
    )

    class Meta:
        model = User
        fields = ["name", "language", "locale", "timezone", "base_currency"]
        labels = {
            "name": gettext_lazy("Name"),
            "language": gettext_lazy("Language"),
            "locale": gettext_lazy("Region"),
            "base_currency": gettext_lazy("Base currency"),
        }
        help_texts = {
            "language": gettext_lazy("Of pages, mails and messages."),
            "locale": gettext_lazy("How dates and numbers are written. Bars and trades keep 2026-12-31."),
            "base_currency": gettext_lazy("What your accounts are added up in."),
        }


class AvatarForm(forms.Form):
    avatar = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy(
            "JPEG, PNG, WebP or GIF, at most 2 MB. It is cut to a square; where it was taken is removed."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )


class PreferencesForm(forms.ModelForm):
    class Meta:
        model = Preferences
        fields = PREFERENCES
        labels = {
            "theme": gettext_lazy("Theme"),
            "rising": gettext_lazy("Rising prices"),
            "numbers": gettext_lazy("Numbers"),
            "dates": gettext_lazy("Dates"),
            "cash": gettext_lazy("Starting cash"),
            "fee_percent": gettext_lazy("Fee, % of each fill"),
            "slippage_bps": gettext_lazy("Slippage, basis points"),
            "fill": gettext_lazy("Orders fill at"),
            "mail_new_device": gettext_lazy("A sign-in with a new browser"),
            "mail_keys": gettext_lazy("An API key made or ended"),
            "mail_workspaces": gettext_lazy("Joining or leaving a workspace"),
        }
        help_texts = {"rising": ""}

    look = property(lambda self: [self[name] for name in PREFERENCES[:4]])
    research = property(lambda self: [self[name] for name in PREFERENCES[4:8]])
    mail = property(lambda self: [self[name] for name in PREFERENCES[8:]])


class ViewForm(forms.ModelForm):
    """A view of a list, under a name."""

    class Meta:
        model = SavedView
        fields = ["page", "name", "query", "is_default"]


class ResetPasswordForm(forms.Form):
    """In place of allauth's, which would look for the account and send the mail while the browser waits."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)

    def save(self, request: object, **kwargs: object) -> None:
        request_new_password(email=self.cleaned_data["email"])


class NewBrowserForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)


class WorkspaceForm(SeenForm, forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    letter = forms.RegexField(
        r"^\w$",
        label=gettext_lazy("Letter"),
        required=False,
        help_text=gettext_lazy("The mark in the top bar. Empty: the name's first letter."),
        error_messages={"invalid": gettext_lazy("One letter or figure.")},
        widget=forms.TextInput(attrs={"maxlength": 1, "size": 2}),
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=GRANTED_ROLES, initial=Role.ANALYST)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=GRANTED_ROLES)


class TransferForm(forms.Form):
    member = forms.ModelChoiceField(
        queryset=Membership.objects.none(),
        to_field_name="uuid",
        label=gettext_lazy("New owner"),
        empty_label=gettext_lazy("Choose a member"),
    )

    def __init__(self, *args: object, workspace: Workspace, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        others = members_of(workspace).exclude(role=Role.OWNER)
        self.fields["member"].queryset = others  # type: ignore[attr-defined]
        self.fields["member"].label_from_instance = lambda m: f"{m.user.display_name} ({m.user.email})"  # type: ignore[attr-defined]
