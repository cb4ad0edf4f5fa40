"""Forms of the formula pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, time
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.core.menus import Menu
from apps.core.overtaken import SeenForm
from apps.core.words import gettext_lazy
from apps.engine.lang.lexer import MAX_BYTES
from apps.formulas.case_lines import LineError, bars_of, signals_of
from apps.formulas.choices import ShareLevel
from apps.formulas.models import Formula, FormulaVersion
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets

MAX_SCRIPT = 256 * 1024
MAX_CASE = 1024 * 1024


class FormulaForm(SeenForm, forms.ModelForm):
    """Name and draft; a draft with errors may be saved."""

    text = forms.CharField(required=False, strip=False, max_length=MAX_BYTES, widget=forms.Textarea)

    class Meta:
        model = Formula
        fields = ["name", "text"]
        labels = {"name": gettext_lazy("Name")}

    def clean_text(self) -> str:
        return self.cleaned_data["text"].replace("\r\n", "\n")


class UploadForm(forms.Form):
    """A .formula file; `name` and `text` are read from it."""

    file = forms.FileField(
        label=gettext_lazy("Formula file"), widget=forms.FileInput(attrs={"accept": ".formula,text/plain"})
    )
    name = ""
    text = ""

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise forms.ValidationError(gettext("A formula has at most 16 KiB."))
        try:
            self.text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise forms.ValidationError(gettext("The file is not text in UTF-8.")) from None
        if "\0" in self.text:
            raise forms.ValidationError(gettext("The file is not text in UTF-8."))
        self.name = PurePath(file.name).stem[:120] or "Formula"
        return file


class ShareForm(forms.Form):
    """With whom to share a formula, and for what."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    level = forms.ChoiceField(label=gettext_lazy("May"), choices=ShareLevel.choices, initial=ShareLevel.VIEW)


class WhyForm(forms.Form):
    """A bar: of which set, and when it opens."""

    bar_set = forms.ModelChoiceField(
        queryset=BarSet.objects.none(), label=gettext_lazy("Market"), to_field_name="uuid", required=False
    )
    time = forms.DateTimeField(
        label=gettext_lazy("Bar, time in UTC"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bar_set"].queryset = visible_bar_sets(workspace)  # type: ignore[attr-defined]

    def chosen(self) -> BarSet | None:
        """The set asked for, else the first there is; None where there is none or what was asked for is wrong."""
        if self.is_bound and not self.is_valid():
            return None
        asked = self.cleaned_data.get("bar_set") if self.is_bound else None
        return asked or self.fields["bar_set"].queryset.first()  # type: ignore[attr-defined]

    def moment(self) -> datetime | None:
        return self.cleaned_data.get("time") if self.is_bound else None


class CompareForm(forms.Form):
    """Two texts of a formula, by number of version or "draft", and bars to compare their signals on."""

    old = forms.ChoiceField(label=gettext_lazy("From"), widget=forms.Select(attrs={"class": "control"}))
    new = forms.ChoiceField(label=gettext_lazy("To"), widget=forms.Select(attrs={"class": "control"}))
    bar_set = Menu(
        queryset=BarSet.objects.none(),
        by=("instrument__symbol",),
        label=gettext_lazy("Signals on"),
        to_field_name="uuid",
        required=False,
        empty_label=gettext_lazy("no bars"),
    )

    def __init__(
        self, *args: Any, workspace: Workspace, versions: list[FormulaVersion], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (str(version.number), gettext("Version {number}").format(number=version.number))
            for version in versions
        ]
        for name, chosen in (("old", choices[0][0] if choices else "draft"), ("new", "draft")):
            self.fields[name].choices = [("draft", gettext("Draft")), *choices]  # type: ignore[attr-defined]
            self.fields[name].initial = chosen
        self.fields["bar_set"].queryset = visible_bar_sets(workspace)  # type: ignore[attr-defined]
        self.fields["bar_set"].widget.attrs["class"] = "control"


class CaseLinesForm(forms.Form):
    """A test as lines of text; `content` is its JSON, with the parts of `kept` that the lines do not say."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    bars = forms.CharField(
        help_text=gettext_lazy("One bar a line: its close, or open, high, low, close and perhaps volume."),
        max_length=MAX_CASE,
        widget=forms.Textarea(attrs={"rows": 9, "spellcheck": "false", "class": "font-mono"}),
    )
    spread = forms.FloatField(
        required=False,
        min_value=0,
        help_text=gettext_lazy(
            "Of bars given by their close: how far high and low lie beyond open and close."
        ),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    signals = forms.CharField(
        label=gettext_lazy("Expected signals"),
        required=False,
        help_text=gettext_lazy(
            "One signal a line: the bar, counted from 0, and long, short, exit_long, exit_short, exit or alert."
            " No line says that nothing may fire."
        ),
        max_length=MAX_CASE,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "font-mono"}),
    )

    def __init__(self, *args: Any, kept: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept or {}

    def clean_bars(self) -> list[Any]:
        return self._read(bars_of, "bars")

    def clean_signals(self) -> list[Any]:
        return self._read(signals_of, "signals")

    def _read(self, read: Callable[[str], list[Any]], name: str) -> list[Any]:
        try:
            return read(self.cleaned_data[name])
        except LineError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            said = {key: value for key, value in values.items() if value is not None}
            self.cleaned_data["content"] = {**{k: v for k, v in self.kept.items() if k != "spread"}, **said}
        return self.cleaned_data


class CaseForm(forms.Form):
    """A test as JSON."""

    content = forms.CharField(
        label=gettext_lazy("Test"),
        strip=False,
        max_length=MAX_CASE,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "font-mono"}),
    )

    def clean_content(self) -> Any:
        try:
            return json.loads(self.cleaned_data["content"], parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise forms.ValidationError(
                gettext("This is not JSON: {msg} in {where}.").format(msg=error.msg, where=where)
            ) from None
        except RecursionError:
            raise forms.ValidationError(gettext("This is nested too deeply for a test.")) from None


def _refuse_constant(name: str) -> None:
    raise forms.ValidationError(
        gettext("{name} is not a number of JSON; na is written as null.").format(name=name)
    )


def case_text(content: dict[str, Any]) -> str:
    """A test as one would write it: a line for each part, and for each row of bars and each signal."""
    lines = []
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], list | dict):
            rows = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in value)
            lines.append(f" {json.dumps(key)}: [\n{rows}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}"


class SnapshotForm(forms.Form):
    """A range of bars to make a test from."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    bar_set = Menu(
        queryset=BarSet.objects.none(),
        by=("instrument__symbol",),
        label=gettext_lazy("Market"),
        to_field_name="uuid",
        empty_label=None,
    )
    start = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        kwargs.setdefault(
            "auto_id", "taken_%s"
        )  # it stands beside the form of a test, which has a name as well
        super().__init__(*args, **kwargs)
        self.fields["bar_set"].queryset = visible_bar_sets(workspace)  # type: ignore[attr-defined]

    def moments(self) -> tuple[datetime, datetime]:
        """The first and the last moment of the range, on the clock of the bars."""
        zone = ZoneInfo(self.cleaned_data["bar_set"].timezone)
        start, end = self.cleaned_data["start"], self.cleaned_data["end"]
        return datetime.combine(start, time.min, zone), datetime.combine(end, time.max, zone)


class PineForm(forms.Form):
    """A Pine script, pasted or as a file."""

    source = forms.CharField(
        label=gettext_lazy("Script"),
        required=False,
        strip=False,
        max_length=MAX_SCRIPT,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "font-mono"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pine,.txt,text/plain"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        file = values.get("file")
        if file:
            data = file.read(MAX_SCRIPT + 1)
            if len(data) > MAX_SCRIPT:
                self.add_error("file", gettext("A script has at most 256 KiB."))
            values["source"] = data.decode("utf-8-sig", "replace")
        if not (values.get("source") or "").strip() and not self.errors:
            self.add_error("source", gettext("Paste a script, or choose its file."))
        return values
