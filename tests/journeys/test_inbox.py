"""A notice comes to the open browser: the bell counts it, and its page shows how it was delivered."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_a_test_rings_the_bell_and_shows_its_trace(newcomer: Page):
    page = newcomer
    page.goto("/settings/workspace/webhooks/new/")
    page.get_by_label("URL").fill("https://example.com/hook")
    page.get_by_role("button", name="Add endpoint").click()
    assert page.locator(".copyable code").first.inner_text().startswith("whsec_")
    expect(page.locator("#bell[data-live-state=open]")).to_be_attached()
    before = page.locator(".bell-count").inner_text() or "0"
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator(".bell-count")).to_have_text(str(int(before) + 1))
    page.locator(".bell-button").click()
    page.locator(".bell-menu").get_by_text("This is a test").click()
    expect(page.get_by_role("heading", name="This is a test")).to_be_visible()
    expect(page.locator(".bell-count")).not_to_have_text(
        str(int(before) + 1)
    )  # the open page marks it as read
    expect(page.get_by_text("dry run").first).to_be_attached()
    page.get_by_text("What would have been sent").click()
    expect(page.get_by_text("notifications.contact.tested").first).to_be_visible()
