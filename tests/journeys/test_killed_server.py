"""The web server is killed under open pages, and comes back: they go on by themselves, nothing missed or doubled."""

from __future__ import annotations

import subprocess
import sys
import uuid

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import ROOT, Stack, sign_up

pytestmark = [pytest.mark.prove, pytest.mark.browser]

HEAR = """window.heard = [];
for (const kind of ["notice", "resync"])
  document.getElementById("bell").addEventListener(`live:${kind}`, ({ detail }) => heard.push(detail.uuid ?? kind));"""
TELL = """
from apps.accounts.models import User
from apps.notifications.models import Notice
from apps.notifications.services import NewNotice, queue_notices
person = User.objects.get(email="{email}")
for key in "{keys}".split():
    queue_notices([NewNotice(person.pk, "notifications.contact.tested", key, {{"title": key}}, channels=())])
    print(Notice.objects.get(key=key).uuid)
"""
ROUNDS = 2


def _tell(stack: Stack, email: str, keys: list[str]) -> list[str]:
    """Notices told by a process that is not the web server, one by one; their uuids."""
    script = TELL.format(email=email, keys=" ".join(keys))
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, check=True, capture_output=True, text=True)
    return done.stdout.split()


def _ready(stack: Stack, page: Page) -> None:
    """Wait until the server answers, while the browser goes on."""
    for _ in range(600):
        try:
            if httpx.get(f"{stack.url}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        page.wait_for_timeout(200)
    raise AssertionError("the server did not come back")


def test_pages_go_on_after_the_server_was_killed(chromium: Browser, stack: Stack):
    page = chromium.new_context(base_url=stack.url, viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    email = sign_up(page)
    page.goto("/inbox/")
    bell = page.locator("#bell")
    expect(bell).to_have_attribute("data-live-state", "open")
    before = page.locator(".inbox-row").count()
    page.evaluate(HEAR)
    page.evaluate("window.mark = 'not loaded anew'")
    told: list[str] = []
    bar = page.locator("#connection-bar")
    for number in range(ROUNDS):
        name = uuid.uuid4().hex[:6]
        told += _tell(stack, email, [f"{name}-up-{n}" for n in range(2)])
        expect(page.locator(".inbox-row")).to_have_count(before + len(told))
        stack.kill("web")
        expect(bell).to_have_attribute("data-live-state", "lost")
        expect(bar).to_be_visible()
        told += _tell(stack, email, [f"{name}-down-{n}" for n in range(5)])
        stack.start("web")
        _ready(stack, page)
        if number % 2:  # by itself, or where somebody asks for it
            bar.locator("button").dispatch_event("click")  # hidden where it came by itself meanwhile
        expect(bell).to_have_attribute("data-live-state", "open")
        expect(bar).to_be_hidden()
        expect(page.locator(".inbox-row")).to_have_count(before + len(told))
        page.wait_for_function("(number) => heard.length >= number", arg=len(told))
        assert page.evaluate("heard") == told, "each once and in order, none by reading anew"
    told += _tell(stack, email, [f"{name}-after"])
    expect(page.locator(".inbox-row")).to_have_count(before + len(told))
    page.wait_for_function("(number) => heard.length >= number", arg=len(told))
    assert page.evaluate("heard") == told
    assert page.evaluate("mark") == "not loaded anew"
    expect(page.locator(".bell-count")).to_have_text(str(len(told)))
    assert broken == []
    page.context.close()
