"""allauth's forms without their placeholders: each field has a label, which does not go away while one types. An
e-mail address is called as it is everywhere else."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.forms import EmailField, Form
from django.utils.translation import gettext


class _Labelled(Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, EmailField):
                field.label = gettext("E-mail")


class LoginForm(_Labelled, forms.LoginForm):
    pass


class SignupForm(_Labelled, forms.SignupForm):
    pass


class AddEmailForm(_Labelled, forms.AddEmailForm):
    pass


class ChangePasswordForm(_Labelled, forms.ChangePasswordForm):
    pass


class ResetPasswordKeyForm(_Labelled, forms.ResetPasswordKeyForm):
    pass


class SetPasswordForm(_Labelled, forms.SetPasswordForm):
    pass
