"""Forms of the formula pages."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms

from apps.engine.lang.lexer import MAX_BYTES
from apps.formulas.models import Formula


class FormulaForm(forms.ModelForm):
    """Name and draft; a draft with errors may be saved."""

    text = forms.CharField(required=False, strip=False, max_length=MAX_BYTES, widget=forms.Textarea)

    class Meta:
        model = Formula
        fields = ["name", "text"]

    def clean_text(self) -> str:
        return self.cleaned_data["text"].replace("\r\n", "\n")


class UploadForm(forms.Form):
    """A .formula file; `name` and `text` are read from it."""

    file = forms.FileField(
        label="Formula file", widget=forms.FileInput(attrs={"accept": ".formula,text/plain"})
    )
    name = ""
    text = ""

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise forms.ValidationError("A formula has at most 16 KiB.")
        try:
            self.text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not text in UTF-8.") from None
        if "\0" in self.text:
            raise forms.ValidationError("The file is not text in UTF-8.")
        self.name = PurePath(file.name).stem[:120] or "Formula"
        return file
