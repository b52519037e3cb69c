"""People besides the first admin, who come by invitation, and what they ask of the API as their pages do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

PASSWORD = "words that nobody guesses"


def ask(page: Page, method: str, path: str, told: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Ask the API with the page's cookies."""
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "embryovision_csrf")
    sent = {"X-CSRFToken": token, "Referer": page.url, **(headers or {})}
    answer = page.request.fetch(path, method=method, data=dict(told), headers=sent)
    assert answer.ok, answer.text()
    made: dict[str, Any] = answer.json()
    return made


def invite(admin: Page, lab: str, name: str, *, role: str = "embryologist") -> str:
    """The link for a person of this name."""
    email = f"{name.split()[0].lower()}@example.org"
    link: str = ask(admin, "POST", f"/api/labs/{lab}/invitations/", {"email": email, "role": role})["link"]
    return link


def admin_of_a_new_lab(instance_admin: Page, browser: Browser, url: str, lab: str, name: str, folder: Path) -> Path:
    """The signed-in cookies of somebody who has this lab and no other."""
    made = ask(instance_admin, "POST", "/api/labs/", {"name": lab})
    return join(browser, url, invite(instance_admin, made["id"], name, role="admin"), name, folder)


def join(browser: Browser, url: str, link: str, name: str, folder: Path) -> Path:
    """Come by an invitation's link; gives the signed-in cookies."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url(f"{url}/")
    # The server remembers that the tour was seen; leaving before it knows would show it again.
    with page.expect_response("**/api/me/"):
        page.get_by_role("button", name="Skip the tour").click()
    state = folder / f"{name}.json"
    context.storage_state(path=state)
    context.close()
    return state
