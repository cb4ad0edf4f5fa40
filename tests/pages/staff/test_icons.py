"""The admin's font has every icon that the theme and our own pages name."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import unfold
from django.conf import settings

from apps.pages.staff.navigation import GROUPS

THEME = Path(unfold.__file__).parent
OURS = settings.BASE_DIR
CLASS = "material-symbols-outlined"
NAME = r"[a-z0-9_-]+"
WRITTEN = re.compile(r"\{\{ *\"(\w+)\" *\}\}")
TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
ICON = re.compile(rf'{CLASS}[^"]*"((?:[^<>"]|"[^"]*")*>.*?)</', re.DOTALL)
CHOICE = re.compile(r'x-text="([^"]*)"')
ARGUMENT = re.compile(rf"""\bicon["']?\s*[=:]\s*["']({NAME})["']""")


def in_template(page: Path) -> Iterator[str]:
    html = page.read_text()
    yield from ARGUMENT.findall(html)
    html = TAGS.sub(" ", WRITTEN.sub(r"\1", html))
    icons = ICON.findall(html)
    assert len(icons) == html.count(CLASS), f"{page} writes an icon in a way that is not read here"
    for icon in icons:
        for choice in CHOICE.findall(icon):
            yield from re.findall(rf"'({NAME})'", re.sub("== '.*?'", "", choice))
        yield from re.findall(NAME, re.sub(r"^[^<]*?>|<[^>]*>", " ", icon))


def named() -> Iterator[str]:
    for folder in (THEME / "templates", OURS / "templates/admin", OURS / "templates/unfold"):
        for page in folder.rglob("*.html"):
            yield from in_template(page)
    for styles in (THEME / "static/unfold/css/styles.css", OURS / "static/admin.css"):
        yield from re.findall(rf'content:\s*"({NAME})"', styles.read_text())
    for folder, modules in (
        (THEME, "*.py"),
        (OURS / "apps/pages/staff", "*.py"),
        (OURS / "apps", "admin*.py"),
    ):
        for module in folder.rglob(modules):
            yield from ARGUMENT.findall(module.read_text())
    yield from (icon for _, tables in GROUPS for icon, _ in tables)


def test_the_font_has_every_icon_that_the_admin_names():
    font = (OURS / "static/fonts/admin-icons.woff2").read_bytes()
    start, length = struct.unpack(
        ">II", font[40:48]
    )  # its private block: what frontend/admin_icons.py made it of
    has = set(font[start : start + length].decode().split())
    assert set(named()) - has == set(), "name them in frontend/icons/admin.txt and make the font anew"
