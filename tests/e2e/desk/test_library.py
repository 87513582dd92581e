"""Pictures, from a person's disk to a message: uploads straight to the bucket, and choosing them in a form."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.e2e.desk.conftest import PATIENCE
from tests.e2e.desk.test_accessibility import violations

pytestmark = pytest.mark.e2e
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def row(page: Page, name: str) -> Locator:
    """What the page says of an upload."""
    return page.locator(".upload").filter(has=page.get_by_text(name, exact=True))


def upload(page: Page, *files: Path) -> None:
    page.locator("[data-upload-input]").set_input_files([str(file) for file in files])


@pytest.fixture
def bad_files(picture: Path) -> dict[str, Path]:
    """Files that must not get in, each with the name of its fault."""
    folder, good = picture.parent, picture.read_bytes()
    contents = {
        "script.svg": SVG.encode(), "renamed.png": SVG.encode(), "cut.jpg": good[: len(good) // 2], "empty.jpg": b"",
        "video.mp4": b"\x00\x00\x00\x18ftypmp42",
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with (folder / "huge.jpg").open("wb") as huge:
        huge.truncate(1_000_000_000)
    return {name: folder / name for name in (*contents, "huge.jpg")}


def test_a_good_picture_goes_to_the_bucket_and_bad_files_get_a_reason(
    sign_in: Callable[..., Page], picture: Path, bad_files: dict[str, Path]
) -> None:
    page = sign_in("editor", "/admin/media/")
    posted: list[Request] = []
    page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)

    upload(page, picture, *bad_files.values())

    expect(row(page, picture.name)).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    reasons = {
        "script.svg": "SVG files can carry programs", "renamed.png": "and is SVG", "cut.jpg": "cut off",
        "empty.jpg": "is empty", "video.mp4": "cut off", "huge.jpg": "at most 20 MB",
    }  # fmt: skip
    for name, reason in reasons.items():
        expect(row(page, name)).to_have_attribute("data-state", "refused", timeout=PATIENCE)
        expect(row(page, name)).to_contain_text(reason)
    # What can be known here never travels: four files were asked for, and went to another origin than the desk's.
    desk = page.url.split("/admin/")[0]
    assert len([request for request in posted if request.url.endswith("/admin/media/upload/")]) == 4
    assert len([request for request in posted if not request.url.startswith(desk)]) == 4


def test_a_picture_is_described_and_found_and_deleted(sign_in: Callable[..., Page], picture: Path) -> None:
    page = sign_in("editor", "/admin/media/")
    words = "Fishing boats <b>at</b> dawn"
    upload(page, picture)
    uploaded = row(page, picture.name)
    expect(uploaded).to_have_attribute("data-state", "ready", timeout=PATIENCE)

    uploaded.get_by_label("Alternative text").fill(words)
    uploaded.get_by_role("button", name="Save").click()
    expect(uploaded.get_by_text("Saved")).to_be_visible()
    page.get_by_role("searchbox", name="Search by name or alternative text").fill("fishing BOATS")
    page.get_by_role("button", name="Search").click()
    tile = page.locator(".media-tile").filter(has=page.get_by_alt_text(words))
    tile.first.get_by_role("link").click()

    expect(page.get_by_label("Alternative text")).to_have_value(words)
    expect(page.locator(".media-full img")).to_have_js_property("naturalWidth", 800)
    assert not violations(page)
    page.get_by_text("Delete this file").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page).to_have_url(re.compile("/admin/media/$"))
    expect(page.get_by_text("Deleted.")).to_be_visible()


def test_an_upload_that_breaks_off_can_be_tried_again(
    sign_in: Callable[..., Page], picture: Path, complaints: list[str]
) -> None:
    page = sign_in("editor", "/admin/media/")
    is_away = True

    def answer(route: Route) -> None:
        if route.request.method == "POST" and is_away:
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("omnipub-media"), answer)
    upload(page, picture)
    uploaded = row(page, picture.name)
    expect(uploaded).to_have_attribute("data-state", "failed", timeout=PATIENCE)
    expect(uploaded).to_contain_text("interrupted")

    is_away = False
    uploaded.get_by_role("button", name="Try again").click()

    expect(uploaded).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    complaints.clear()


def test_pictures_are_chosen_for_a_message(sign_in: Callable[..., Page], picture: Path) -> None:
    page = sign_in("editor")
    page.goto("/admin/compose/")
    value = page.locator("[data-media-value]")
    page.get_by_role("button", name="Add pictures or videos").click()
    upload(page, picture)
    expect(row(page, picture.name)).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    second = picture.with_name("second.jpg")
    second.write_bytes(picture.read_bytes())
    upload(page, second)
    expect(row(page, second.name)).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    assert not violations(page)
    page.keyboard.press("Escape")
    expect(page.locator("[data-media-dialog]")).to_be_hidden()
    first = json.loads(value.input_value())

    page.get_by_role("button", name="Move second.jpg forward").press("Enter")
    page.locator(".picker-use textarea").first.fill("The second")

    chosen = json.loads(value.input_value())
    assert [use["id"] for use in chosen] == [use["id"] for use in reversed(first)]
    assert chosen[0]["alt_text"] == "The second"
    page.get_by_role("button", name=f"Remove {picture.name}").click()
    assert [use["id"] for use in json.loads(value.input_value())] == [chosen[0]["id"]]


def test_the_library_fits_a_phone(sign_in: Callable[..., Page], picture: Path) -> None:
    page = sign_in("editor", "/admin/media/", viewport={"width": 390, "height": 844}, color_scheme="dark")
    upload(page, picture)
    expect(row(page, picture.name)).to_have_attribute("data-state", "ready", timeout=PATIENCE)

    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not violations(page)
