"""Review in real browsers: an editor who may not publish, an approver who decides, a viewer who only looks."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, StorageState, expect

from local.chaos.private import PrivateSystem, running
from tests.e2e.conftest import command
from tests.e2e.desk.ways import begin, send_without_a_session

pytestmark = pytest.mark.e2e
#: Until a message that is published now is there, in milliseconds.
PUBLISHED_WITHIN = 60_000


@pytest.fixture(scope="module")
def desk_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateSystem]:
    """A system with review on."""
    state = tmp_path_factory.mktemp("review")
    with running(command(), state=state, environment={"OMNIPUB_REVIEW": "true"}) as system:
        yield system


@pytest.fixture(scope="module")
def sessions() -> dict[str, StorageState]:
    """Those of this system."""
    return {}


def submit(page: Page, text: str) -> str:
    """Write a message to a Mastodon account and submit it; return the path of its page."""
    page.goto("/admin/compose/")
    page.locator('input[name="accounts"][data-channel="mastodon"]').first.check()
    page.locator("#text").fill(text)
    expect(page.get_by_role("button", name="Publish now")).to_have_count(0)
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_url(re.compile(r"/admin/(messages|compose)/[0-9A-Z]{26}/"))
    found = re.search(r"[0-9A-Z]{26}", page.url)
    assert found
    return f"/admin/messages/{found[0]}/"


def test_what_an_editor_submits_goes_out_once_an_approver_says_so(sign_in: Callable[..., Page]) -> None:
    editor = sign_in("editor")
    address = submit(editor, "Read by two people")
    editor.goto(address)
    expect(editor.locator("#review")).to_contain_text("Waiting")
    expect(editor.get_by_role("button", name="Approve")).to_have_count(0)

    approver = sign_in("approver")
    expect(approver.get_by_text("Read by two people").first).to_be_visible()
    approver.goto(address)
    approver.get_by_role("button", name="Approve and publish now").click()

    expect(approver.locator(".badge-published").first).to_be_visible(timeout=PUBLISHED_WITHIN)
    editor.reload()
    expect(editor.locator("#review")).to_contain_text("Approver (demo)")


def test_what_is_sent_back_says_why(sign_in: Callable[..., Page]) -> None:
    address = submit(sign_in("editor"), "Not yet good enough")

    approver = sign_in("approver", address)
    approver.get_by_role("button", name="Send back").click()
    expect(approver.locator("#review-comment-problem")).to_be_visible()
    approver.locator("#review-comment").fill("Which day is it?")
    approver.get_by_role("button", name="Send back").click()

    editor = sign_in("editor", address)
    expect(editor.locator("#review")).to_contain_text("Which day is it?")


def test_a_viewer_looks_and_changes_nothing(sign_in: Callable[..., Page]) -> None:
    address = submit(sign_in("editor"), "Seen by a viewer")

    viewer = sign_in("viewer", address)

    expect(viewer.get_by_text("Seen by a viewer").first).to_be_visible()
    for name in ("Approve", "Send back", "Edit", "Delete", "Publish now", "Duplicate"):
        expect(viewer.get_by_role("button", name=name)).to_have_count(0)
    expect(viewer.get_by_role("link", name="New message")).to_have_count(0)
    assert viewer.goto("/admin/compose/").status == 403  # type: ignore[union-attr]  # a page always answers


def test_a_comment_outlives_the_session_that_it_was_typed_in(
    open_browser: Callable[..., BrowserContext], sign_in: Callable[..., Page]
) -> None:
    address = submit(sign_in("editor"), "Commented on through a sign-in")
    page = begin(open_browser(), "approver", address)
    page.locator("#review-comment").fill("Which <b>hall</b> is it?")

    send_without_a_session(page, button="Send back", role="approver", path=address, other=sign_in("approver"))

    expect(page.locator("#review-comment")).to_have_value("Which <b>hall</b> is it?")
    page.get_by_role("button", name="Send back").click()
    expect(page.locator("#review blockquote")).to_have_text("Which <b>hall</b> is it?")
