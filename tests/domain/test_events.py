"""Stream events: what is not ours is refused by one error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.domain.events import SIZE_LIMIT, CheckAccount, Deliver, ForeignEventError, decode
from tests.builders import ACCOUNT_ID, MESSAGE_ID

OURS = {"v": 1, "kind": "deliver", "msg": MESSAGE_ID, "delivery": "webhook", "account": ACCOUNT_ID, "gen": 1}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def encoded(**changes: object) -> bytes:
    return json.dumps({name: value for name, value in {**OURS, **changes}.items() if value is not ...}).encode()


class TestAStreamEvent:
    @given(st.integers(min_value=0), st.text(min_size=1, max_size=40, alphabet=st.characters(codec="utf-8")))
    def test_is_read_as_it_was_written(self, gen, delivery_id):
        event = Deliver(message_id=MESSAGE_ID, delivery_id=delivery_id, account_id=ACCOUNT_ID, gen=gen)

        assert decode(event.encode()) == event

    def test_about_an_account_is_read_as_it_was_written(self):
        event = CheckAccount(account_id=ACCOUNT_ID)

        assert decode(event.encode()) == event

    def test_carries_ids_only(self):
        check = CheckAccount(account_id=ACCOUNT_ID)

        assert set(json.loads(decode(encoded()).encode())) == {"v", "kind", "msg", "delivery", "account", "gen"}
        assert json.loads(check.encode()) == {"v": 1, "kind": "check_account", "account": ACCOUNT_ID}

    def test_may_carry_fields_of_a_later_release(self):
        assert decode(encoded(later="yes")) == decode(encoded())


class TestAForeignRecord:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\xff\xfe",
            b"not json",
            b"[]",
            b"null",
            b"1" * (SIZE_LIMIT + 1),
            b"[" * SIZE_LIMIT,
            b"{}",
        ],
    )
    def test_is_refused(self, data):
        with pytest.raises(ForeignEventError):
            decode(data)

    @pytest.mark.parametrize(
        "changes",
        [
            {"v": 2}, {"v": ...}, {"v": "1"}, {"v": True},
            {"kind": "wake"}, {"kind": ...}, {"kind": ["deliver"]}, {"kind": {}},
            {"msg": "x"}, {"msg": 1}, {"msg": ...}, {"account": ""}, {"account": None},
            {"gen": "1"}, {"gen": -1}, {"gen": 1.5}, {"gen": True}, {"gen": ...},
            {"delivery": ""}, {"delivery": 1}, {"delivery": ...},
            {"kind": "check_account", "account": "x"}, {"kind": "check_account", "account": ...},
        ],
    )  # fmt: skip
    def test_is_refused_for_each_field_that_is_not_ours(self, changes):
        with pytest.raises(ForeignEventError) as refusal:
            decode(encoded(**changes))

        assert str(refusal.value).endswith((".", "most 4096."))

    def test_is_refused_without_repeating_what_it_said(self):
        with pytest.raises(ForeignEventError) as refusal:
            decode(encoded(kind="a-secret"))

        assert "secret" not in str(refusal.value)

    @given(st.binary(max_size=200))
    def test_of_any_bytes_raises_nothing_else(self, data):
        with pytest.raises(ForeignEventError):
            decode(data)

    @given(st.dictionaries(st.sampled_from(sorted(OURS)), JSON))
    def test_of_any_fields_raises_nothing_else(self, changes):
        try:
            event = decode(json.dumps({**OURS, **changes}).encode())
        except ForeignEventError:
            return
        assert event.account_id
        assert isinstance(event, CheckAccount) or (isinstance(event.gen, int) and event.delivery_id)
