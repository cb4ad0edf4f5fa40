from django import forms

from apps.formulas.models import Formula


class FormulaForm(forms.ModelForm):
    """Name and draft; a draft with errors may be saved."""

    text = forms.CharField(required=False, strip=False, max_length=16 * 1024, widget=forms.Textarea)

    class Meta:
        model = Formula
        fields = ["name", "text"]

    def clean_text(self) -> str:
        return self.cleaned_data["text"].replace("\r\n", "\n")
