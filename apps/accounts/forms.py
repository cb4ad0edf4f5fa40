"""Forms of the settings pages."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms

from apps.accounts.models import User


class ProfileForm(forms.ModelForm):
    timezone = forms.ChoiceField(
        choices=lambda: [(z, z.replace("_", " ")) for z in sorted(available_timezones())]
    )

    class Meta:
        model = User
        fields = ["name", "timezone"]


class ApiKeyForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="What will use it, for example “research notebook”.")


class NewBrowserForm(forms.Form):
    email = forms.EmailField(label="Email", max_length=254)
