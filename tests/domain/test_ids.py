"""Ids sort by time and cannot be guessed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.domain.ids import ID_LENGTH, delivery_key, digest, is_id, new_id, new_token
from tests.builders import MESSAGE_ID, NOW


class TestAnId:
    def test_has_the_form_of_one(self):
        made = new_id(NOW)

        assert is_id(made)
        assert len(made) == ID_LENGTH

    def test_sorts_by_the_millisecond_it_was_made(self):
        made = [new_id(NOW + timedelta(milliseconds=n)) for n in range(200)]

        assert made == sorted(made)

    def test_is_made_once(self):
        assert len({new_id(NOW) for _ in range(1_000)}) == 1_000

    @pytest.mark.parametrize("text", ["", "A", MESSAGE_ID.lower(), MESSAGE_ID + "0", "I" * 26, MESSAGE_ID[:-1] + "é"])
    def test_is_told_from_other_text(self, text):
        assert not is_id(text)


class TestAToken:
    def test_is_made_once(self):
        assert len({new_token() for _ in range(1_000)}) == 1_000


class TestADeliveryKey:
    def test_differs_by_message_delivery_and_generation(self):
        keys = {
            delivery_key(message_id=message, delivery_id=delivery, gen=gen)
            for message in ("A", "B")
            for delivery in ("webhook", "webhook.C")
            for gen in (1, 2)
        }

        assert len(keys) == 8


class TestADigest:
    def test_keeps_parts_apart(self):
        assert digest("ab", "c") != digest("a", "bc")
        assert digest("1:a") != digest("a")

    @given(st.lists(st.text(alphabet=st.characters(codec="utf-8"))))
    def test_is_the_same_for_the_same_parts(self, parts):
        assert digest(*parts) == digest(*parts)
