"""In a real browser: an app, signing in with its code and a backup code, trust; a passkey as factor and alone."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Stack
from tests.journeys.people import App, email_of, is_in, let_confirmation_age, sign_in, sign_out


def set_up_app(page: Page) -> tuple[App, list[str]]:
    """The app and the backup codes shown with the first factor."""
    page.goto("/settings/security/")
    page.get_by_role("link", name="Set up").click()
    expect(page.locator(".qr svg")).to_be_visible()
    app = App(page.locator(".steps .copyable code").inner_text())
    page.get_by_label("Code the app shows").fill(app.code())
    page.get_by_role("button", name="Put it in use").click()
    expect(page.locator(".backup-codes code")).to_have_count(10)
    return app, page.locator(".backup-codes code").all_inner_texts()


def test_app_backup_code_and_trusted_browser(newcomer: Page):
    page = newcomer
    email = email_of(page)
    app, codes = set_up_app(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert codes[0] in download.value.path().read_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 left")).to_be_visible()

    sign_out(page)
    sign_in(page, email)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code").fill(app.code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    is_in(page)

    sign_out(page)
    sign_in(page, email)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_label("Do not ask in this browser").check()
    page.get_by_role("button", name="Sign in", exact=True).click()
    is_in(page)

    sign_out(page)
    sign_in(page, email)
    is_in(page)
    page.goto("/settings/security/")
    expect(page.get_by_text("9 left")).to_be_visible()


def test_step_up_before_a_key_is_made(newcomer: Page, stack: Stack):
    page = newcomer
    app, _ = set_up_app(page)
    let_confirmation_age(page, stack)
    page.goto("/settings/workspace/api-keys/")
    page.get_by_role("link", name="New key").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Code").fill(app.code())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="New API key")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("Notebook")
    page.get_by_role("button", name="Create key").click()
    shown = page.locator(".copyable code").first
    expect(shown).to_have_text(re.compile("^cw_"))
    secret = shown.inner_text()
    page.reload()
    expect(page.get_by_role("heading", name="Notebook")).to_be_visible()
    assert secret not in page.content()


def with_authenticator(page: Page) -> None:
    """A fingerprint reader that Chromium plays itself."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_passkey_as_factor_and_alone(visitor: Page, stack: Stack):
    """On localhost, since passkeys need a host name."""
    page = visitor
    base = stack.url.replace("127.0.0.1", "localhost")
    with_authenticator(page)
    email = f"{uuid.uuid4().hex[:10]}@example.com"
    page.goto(f"{base}/accounts/signup/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("a-long-enough-secret")
    page.get_by_role("button", name="Sign up").click()
    is_in(page)
    page.goto(f"{base}/settings/security/passkeys/new/")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".backup-codes code")).to_have_count(10)

    sign_out(page)
    sign_in(page, email, base)
    page.get_by_role("button", name="Use a passkey").click()
    is_in(page)

    sign_out(page)
    page.goto(f"{base}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_in(page)
    page.goto(f"{base}/settings/security/")
    expect(page.get_by_text("last used")).to_be_visible()
