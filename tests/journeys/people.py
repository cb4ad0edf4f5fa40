"""What people do at the door, in a browser: sign in, sign out, look into an authenticator app."""

from __future__ import annotations

import re
import time

import psycopg
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page, expect

from apps.accounts.totp import code_at
from tests.journeys.conftest import Stack

PASSWORD = "a-long-enough-secret"


class App:
    """An authenticator app: shows each code once, and waits for the next step when it must."""

    def __init__(self, key: str) -> None:
        self.key = key.replace(" ", "")
        self.step = 0

    def code(self) -> str:
        self.step = max(self.step + 1, int(time.time()) // 30)
        while self.step > int(time.time()) // 30 + 1:  # one step ahead is accepted
            time.sleep(0.2)
        return code_at(self.key, self.step)


def email_of(page: Page) -> str:
    return (page.locator(".drop-label").first.text_content() or "").strip()


def sign_out(page: Page) -> None:
    page.get_by_label("Your account and settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def sign_in(page: Page, email: str, base: str = "") -> None:
    page.goto(f"{base}/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def let_confirmation_age(page: Page, stack: Stack) -> None:
    """As if the person had signed in an hour ago."""
    cookies = page.context.cookies()
    key = next(cookie["value"] for cookie in cookies if cookie["name"] == "sessionid")
    store = SessionStore()
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT session_data FROM django_session WHERE session_key = %s", [key]
        ).fetchone()
        assert row is not None
        data = store.decode(row[0]) | {"confirmed_at": time.time() - 3600}
        connection.execute(
            "UPDATE django_session SET session_data = %s WHERE session_key = %s", [store.encode(data), key]
        )


def is_in(page: Page) -> None:
    expect(page).to_have_url(re.compile("/dashboard/"))
