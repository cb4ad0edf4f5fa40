"""A team in two browsers: made, somebody invited by mail, who signs up, joins and is seen there."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Stack
from tests.journeys.people import PASSWORD, email_of, is_in


def mailed_link(page: Page, email: str) -> str:
    """The link in the newest mail to somebody, from the page on which an installation without a mail server shows it."""
    deadline = time.monotonic() + 90  # a worker that just starts loads the kernels first
    while True:
        page.goto("/mail/")
        link = page.locator(".cw-card", has_text=f"to {email}").locator("a", has_text="/invitations/").first
        if link.count():
            return link.get_attribute("href") or ""
        assert time.monotonic() < deadline, f"no invitation was mailed to {email}"
        time.sleep(0.3)


def test_invited_by_mail_and_joined(newcomer: Page, chromium: Browser, stack: Stack):
    owner = newcomer
    owner.goto("/settings/workspace/new/")
    owner.get_by_label("Name").fill("Research desk")
    owner.get_by_role("button", name="Make team").click()
    owner.goto("/settings/workspace/members/")
    guest = f"guest-{email_of(owner)}"
    owner.get_by_label("E-mail address").fill(guest)
    owner.get_by_label("Role").first.select_option(label="Analyst")
    owner.get_by_role("button", name="Send invitation").click()
    expect(owner.get_by_text("Waiting for an answer")).to_be_visible()

    context = chromium.new_context(base_url=stack.url)
    page = context.new_page()
    page.goto(mailed_link(page, guest))
    expect(page.get_by_role("heading", name="Join Research desk")).to_be_visible()
    page.get_by_role("link", name="Sign up and join").click()
    expect(page.get_by_label("E-mail")).to_have_value(guest)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("button", name="Join").click()
    is_in(page)
    expect(page.locator(".topbar-workspace")).to_contain_text("Research desk")
    page.goto("/settings/workspace/members/")
    expect(page.get_by_role("button", name="Send invitation")).to_have_count(0)
    context.close()

    owner.reload()
    row = owner.get_by_role("row", name=re.compile(guest.partition("@")[0]))
    expect(row.get_by_role("combobox")).to_have_value("analyst")
    expect(owner.get_by_text("Waiting for an answer")).to_have_count(0)
