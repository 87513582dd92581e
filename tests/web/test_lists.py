"""The desk's lists over the real table."""

from tests.api.conftest import Table
from tests.web.conftest import Browser


class TestTheListOfMessages:
    def test_shows_messages(self, browser: Browser, table: Table, write_message):
        browser.sign_in(groups=["editor"])
        write_message(text="Hello there", owner="alice")

        page = browser.get("/admin/publishing/message/")

        assert page.status_code == 200, page.content
        assert "Hello there" in page.content.decode()
        page = browser.get(page.content.decode().split('<th class="field-name"><a href="')[1].split('"')[0])
        assert page.status_code == 200
        assert "Hello there" in page.content.decode()
