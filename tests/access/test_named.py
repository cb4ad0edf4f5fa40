"""An id of another workspace's object, sent in a body or a query string, is as unknown as one that does not exist."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any
from uuid import uuid4

import django_filters
from django import forms
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from rest_framework import serializers

import apps
from apps.accounts.confirm import SESSION_KEY as CONFIRMED_KEY
from apps.accounts.middleware import SESSION_KEY
from apps.accounts.models import User, Workspace
from tests.access.digest import Watch
from tests.access.named import ASKED, ID, NO_OBJECT, Asked
from tests.access.world import MARK, World, undone

TABLE = "tests/access/named.py"
# A parameter that the code reads by its name, of the names that objects have here.
READ = re.compile(r"""(?:GET|POST|query_params)(?:\.get|\.getlist)?[\(\[]\s*["'](\w+)["']""")
KINDS = re.compile(
    r"(?:.*_)?(formula|bar_set|backtest|sweep|walk_forward|portfolio|run|lineage|source|signal|alert|before"
    r"|member|person|user|workspace|invitation|share|case|version|entry|api_key|device|login)s?"
)
# What differs from one rendering of a page to the next.
VARYING = re.compile(
    rb'data-made="\d+"|name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken[^}]*|nonce="[^"]*"|"request_id":\s*"[^"]*"'
)


def _kinds_of(base: type[Any]) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("apps."):
            yield kind
        yield from _kinds_of(kind)


def _of_serializers() -> Iterator[str]:
    """Written fields that are ids; one with a dotted source only answers."""
    for kind in _kinds_of(serializers.BaseSerializer):
        for name, field in getattr(kind, "_declared_fields", {}).items():
            inner = getattr(field, "child", getattr(field, "child_relation", field))
            is_id = isinstance(inner, (serializers.UUIDField, serializers.RelatedField))
            if is_id and not field.read_only and "." not in str(getattr(field, "source", "") or ""):
                yield f"{kind.__name__}.{name}"


def _of_forms() -> Iterator[str]:
    """Ids, objects, and choices that depend on who asks."""
    for kind in _kinds_of(forms.BaseForm):
        for name, field in getattr(kind, "base_fields", {}).items():
            plain = type(field) in (forms.ChoiceField, forms.MultipleChoiceField)
            if isinstance(field, (forms.ModelChoiceField, forms.UUIDField)) or (plain and not field.choices):
                yield f"{kind.__name__}.{name}"


def _of_filters() -> Iterator[str]:
    for kind in _kinds_of(django_filters.FilterSet):
        for name, field in kind.base_filters.items():
            if isinstance(field, (django_filters.UUIDFilter, django_filters.ModelChoiceFilter)):
                yield f"{kind.__name__}.{name}"


def _read_by_name() -> Iterator[str]:
    """Parameters that views read without a form."""
    for path in sorted(Path(next(iter(apps.__path__))).rglob("*.py")):
        if "engine" not in path.parts:
            yield from (name for name in READ.findall(path.read_text()) if KINDS.fullmatch(name))


def test_every_field_that_names_an_object_stands_in_the_table():
    for module in walk_packages(apps.__path__, "apps."):
        if not re.search(r"\.(migrations|management|engine)\b", module.name):
            import_module(module.name)
    found = {*_of_serializers(), *_of_forms(), *_of_filters(), *_read_by_name()}
    listed = {asked.field for asked in ASKED} | set(NO_OBJECT)
    assert not found - listed, f"add to {TABLE}, with a request that sends it: {sorted(found - listed)}"
    by_eye = {"JournalFilterSet.target", "JournalFilterForm.object", "sweep"}  # texts that hold an id
    by_eye |= {"spread_bar_sets", "spread_formula"}
    assert not listed - found - by_eye, f"remove from {TABLE}: {sorted(listed - found - by_eye)}"


def _filled(value: Any, own: dict[str, Any], tried: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, own, tried) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, own, tried) for each in value]
    if not isinstance(value, str) or "input " in value:
        return value
    for kind, uuid in own.items():
        value = value.replace("{" + kind + "}", str(uuid))
    return value.replace(ID, tried)


def _answer(client: Client, asked: Asked, own: dict[str, Any], tried: str) -> tuple[int, str, bytes]:
    """Status, where it leads to and what it says, with the id that was tried taken out."""
    cache.clear()
    method, _, address = _filled(asked.call, own, tried).partition(" ")
    content = _filled(asked.content, own, tried)
    answer: HttpResponse
    if method == "GET":
        answer = client.get(address)
    elif address.startswith("/api/"):
        answer = client.post(address, json.dumps(content), content_type="application/json")
    else:
        answer = client.post(address, content)
    page = b"".join(answer) if answer.streaming else answer.content
    page = VARYING.sub(b"", page.replace(tried.encode(), b"ID"))
    return answer.status_code, answer.get("Location", "").replace(tried, "ID"), page


def _at_work(person: User, workspace: Workspace) -> Client:
    """The person in the workspace, having just confirmed who they are."""
    client = Client()
    client.force_login(person)
    session = client.session
    session[SESSION_KEY], session[CONFIRMED_KEY] = workspace.pk, time.time()
    session.save()
    return client


def test_an_id_of_another_workspace_is_as_good_as_none(world: World):
    """The owner's own id is the proof that the request comes as far as looking for it."""
    theirs, ours = world.named(world.owner), world.named(world.stranger)
    owner = _at_work(world.owner, world.workspace)
    stranger = _at_work(world.stranger, world.strangers_team)
    watch, wrong = Watch(), []
    for asked in ASKED:
        nothing, foreign = str(uuid4()), str(theirs[asked.kind])
        told = f"{asked.field}: {asked.call}"
        with undone():
            unknown = _answer(stranger, asked, ours, nothing)
            tried = _answer(stranger, asked, ours, foreign)
        if changed := watch.changed():
            wrong.append(f"{told} changed {changed}")
        if tried != unknown:
            wrong.append(f"{told} tells another's id from none: {tried[:2]}, {unknown[:2]} for none")
        if tried[0] >= 500 or MARK.encode() in tried[2]:
            wrong.append(f"{told} answered {tried[0]} and tells something of the workspace")
        with undone():
            found, missed = (_answer(owner, asked, theirs, each) for each in (foreign, nothing))
        if found == missed:
            wrong.append(f"{told} does not look for it: the owner is answered {found[:2]} for either")
    assert not wrong, "\n".join(wrong)
