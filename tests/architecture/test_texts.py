"""No text for people is written into a page or a message without being in the catalogues."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.script_texts import script_texts
from tests.architecture.texts import python_texts, template_texts

ROOT = Path(__file__).resolve().parents[2]
# What programs and operators read stays in English.
PROGRAMS = (
    "engine",
    "api",
    "management",
    "migrations",
    "gateways",
    "intake",
    "providers",
    "openid",
    "library",
    "secrets",
)

PROGRAMS_READ = {
    ROOT / "apps/signals/rules.py",
    ROOT / "apps/signals/text_templates.py",
}  # what the intake says of an alert, outside of Django


def test_templates_have_no_text_of_their_own():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for line, words in template_texts(path.read_text())
    ]
    assert not found, "mark these with {% translate %}:\n" + "\n".join(found)


def test_python_has_no_label_or_message_of_its_own():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path in sorted((ROOT / "apps").rglob("*.py"))
        if not set(path.relative_to(ROOT).parts) & set(PROGRAMS)
        and not path.name.startswith("demo")
        and path not in PROGRAMS_READ
        for line, words in python_texts(path)
    ]
    assert not found, "mark these with gettext:\n" + "\n".join(found)


def test_scripts_have_no_text_of_their_own():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path in sorted((ROOT / "frontend" / "js").rglob("*.js"))
        for line, words in script_texts(path.read_text())
    ]
    assert not found, "put these into t() or n() of frontend/js/words.js:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('toast("Nothing was changed.", "error");', ["Nothing was changed."]),
        ('toast(t("Nothing was changed."), "error"); // it says "why"', []),
        ("bar.textContent = `${count} bars`;", ["{} bars"]),
        ('bar.textContent = count === 1 ? "bar" : n("{count} bar", "{count} bars", count);', ["bar"]),
        ("throw new Error(`the server answered ${status}.`);", ["the server answered {}."]),
        ('element("button", { class: "btn small", title: "Copy" }, icon("copy"), "keep");', ["Copy", "keep"]),
        ('node.setAttribute("aria-label", short ? "all" : name); node.id = "all";', ["all"]),
        ('document.querySelector("main form button").dataset.kind = "price";', []),
        ("const found = /[\"`]/.exec(text); // Copy\nif (event.key === 'Enter') press('a b');", []),
        ("say(`${open ? t('Open {name}', { name }) : 'Closed'} at ${time}`);", ["{} at {}", "Closed"]),
    ],
)
def test_what_counts_as_a_text_of_a_script(source: str, words: list[str]):
    assert [found for _, found in script_texts(source)] == words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Run backtest</p>", ["Run backtest"]),
        ('<p>{% translate "Run backtest" %}</p>', []),
        ('<c-empty title="No bot yet"></c-empty>', ["title='No bot yet'"]),
        ("<p>{{ name }}<code>close</code> · CSV</p>", []),
        ("{% blocktranslate %}Stop {{ name }}{% endblocktranslate %} now", ["now"]),
        ('{{ name|default:"nobody" }}, {{ name|default:_("nobody") }}, {{ name|default:"–" }}', ["nobody"]),
    ],
)
def test_what_counts_as_a_text(source: str, words: list[str]):
    assert [found for _, found in template_texts(source)] == words
