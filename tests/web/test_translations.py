"""The catalogues: in step with the sources, complete, compiled, and with every placeholder in its place."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from local import translations
from publishing.admin.audit import _KINDS
from publishing.admin.history import SENTENCES
from publishing.admin.marks import moment
from publishing.admin.sentences import FILE
from publishing.admin.words import LABELS, REASONS
from publishing.domain.account import AccountStatus
from publishing.domain.api_key import ApiKeyStatus
from publishing.domain.attempt import AttemptOutcome
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.outcome import Reason
from publishing.domain.series import SeriesStatus

PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|\{\w*(?::[^{}]*)?\}|%[sd](?!\w)|</?\w+>")


@pytest.fixture(params=translations.LANGUAGES)
def language(request: Any) -> str:
    return str(request.param)


class TestCatalogue:
    def test_has_every_text_that_the_sources_mark(self, language: str):
        wanted = translations.catalogue(translations.update(language))

        assert translations.file_of(language).read_bytes() == wanted, "Run `make messages`."

    def test_is_compiled(self, language: str):
        stored = translations.file_of(language).with_suffix(".mo").read_bytes()

        assert stored == translations.compiled(translations.read(language)), "Run `make messages`."

    def test_lists_the_templates_of_sentences(self):
        assert FILE.read_bytes() == translations.templates(), "Run `make messages`."

    def test_leaves_nothing_untranslated(self, language: str):
        assert not translations.missing(translations.read(language))

    def test_keeps_the_placeholders(self, language: str):
        for each in translations.read(language):
            if not each.id:
                continue
            ids = each.id if isinstance(each.id, tuple | list) else (each.id,)
            strings = [str(text) for text in (each.string if isinstance(each.string, tuple | list) else (each.string,))]
            expected = {found for text in ids for found in PLACEHOLDERS.findall(text)}
            for text in strings:
                assert set(PLACEHOLDERS.findall(text)) <= expected, each.id
            # The singular may write out its number.
            assert set(PLACEHOLDERS.findall(strings[-1])) == expected, each.id


class TestCollecting:
    def test_finds_what_code_and_templates_mark(self):
        found = translations.collect()

        assert "publishing/admin/navigation.py" in found[translations.Marked("Messages")]
        assert "publishing/templates/publishing/pages/sign_in.html" in found[translations.Marked("On this laptop")]

    def test_finds_what_is_marked_for_later(self):
        marked = list(translations._in_python('done = partial(ngettext, "%d is out.", "%d are out.")', "x.py"))

        assert marked == [translations.Marked("%d is out.", "%d are out.")]

    def test_refuses_what_cannot_be_collected(self):
        with pytest.raises(TypeError, match=r"x\.py:1: what is translated must be written out"):
            list(translations._in_python('_(f"Hello {name}")', "x.py"))


class TestWords:
    def test_name_every_reason(self):
        assert {each.value for each in Reason} | {"unconfirmed", "restored"} <= set(REASONS)

    def test_name_every_kind_of_audit_record(self):
        assert {action.partition(".")[0] for action in SENTENCES} == set(_KINDS)

    @pytest.mark.parametrize(
        "states", [MessageStatus, DeliveryState, AccountStatus, SeriesStatus, ApiKeyStatus, AttemptOutcome]
    )
    def test_name_every_state(self, states: type[StrEnum]):
        assert {each.value for each in states} <= set(LABELS)


class TestMoments:
    def test_writes_dates_as_the_language_does(self):
        at = datetime(2020, 3, 4, 5, 6, tzinfo=UTC)

        with override("de"):
            assert "4. Mär 2020, 05:06" in moment(at)
        with override("en"):
            assert "4 Mar 2020, 05:06" in moment(at)


@pytest.mark.usefixtures("provider")
class TestPages:
    def test_speak_the_browsers_language(self):
        client = Client(headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})

        page = client.get("/auth/login/").content.decode()

        assert '<html lang="de">' in page
        assert "Anmelden" in page

    def test_speak_english_to_everybody_else(self):
        page = Client(headers={"Accept-Language": "fr"}).get("/auth/login/").content.decode()

        assert '<html lang="en">' in page
        assert "Sign in" in page

    def test_leave_the_api_in_english(self):
        response = Client(headers={"Accept-Language": "de"}).get("/api/v1/messages/")

        assert response.json()["detail"] == Client().get("/api/v1/messages/").json()["detail"]
        assert "Content-Language" not in response.headers
