"""Parts of text messages, counted as the networks count, and the request's fields."""

import random

import pytest

from local.platforms.sms.parts import cut
from publishing.channels.sms.alphabet import Encoding, count_parts, outside_gsm_7
from publishing.channels.sms.payload import build_body, encode, measure
from publishing.domain.content import TEXT_LIMIT, Content

GSM_7, UCS_2 = Encoding.GSM_7, Encoding.UCS_2
BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà019azAZ"
EXTENDED = "\f^{}\\[~]|€"


class TestParts:
    # The rows of the fact sheet's section 4, then the edges between them.
    @pytest.mark.parametrize(
        ("text", "encoding", "count"),
        [
            ("a" * 160, GSM_7, 1),
            ("a" * 161, GSM_7, 2),
            ("a" * 306, GSM_7, 2),
            ("a" * 307, GSM_7, 3),
            ("€" * 80, GSM_7, 1),
            ("€" * 81, GSM_7, 2),
            ("it\u2019s", UCS_2, 1),
            ("\u2019" * 70, UCS_2, 1),
            ("\u2019" * 71, UCS_2, 2),
            ("😀" * 35, UCS_2, 1),
            ("😀" * 36, UCS_2, 2),
            # 153 is odd: the escape and its character stay together, so that 76 fit into a part.
            ("€" * 152, GSM_7, 2),
            ("€" * 153, GSM_7, 3),
            # 67 is odd: 33 pairs fit into a part.
            ("😀" * 66, UCS_2, 2),
            ("😀" * 67, UCS_2, 3),
            ("\u2019" * 134, UCS_2, 2),
            ("\u2019" * 135, UCS_2, 3),
            ("a" * 158 + "€", GSM_7, 1),
            ("a" * 159 + "€", GSM_7, 2),
            ("a" * 1600, GSM_7, 11),
            ("\u2019" * 1600, UCS_2, 24),
            ("ç", UCS_2, 1),
            ("Ç", GSM_7, 1),
            ("`", UCS_2, 1),
            ("\t", UCS_2, 1),
        ],
    )
    def test_are_those_of_the_standard(self, text, encoding, count):
        parts = count_parts(text)

        assert (parts.encoding, parts.count) == (encoding, count)

    @pytest.mark.parametrize("character", BASIC)
    def test_take_one_unit_for_the_basic_table(self, character):
        assert count_parts(character * 3).units == 3

    @pytest.mark.parametrize("character", EXTENDED)
    def test_take_two_units_for_the_second_table(self, character):
        parts = count_parts(character * 3)

        assert (parts.encoding, parts.units) == (GSM_7, 6)

    @pytest.mark.parametrize("seed", range(40))
    def test_are_those_that_the_simulated_phone_receives(self, seed):
        dice = random.Random(seed)
        letters = dice.choice([BASIC, BASIC + EXTENDED, BASIC + EXTENDED + "\u2019😀日"])
        text = "".join(dice.choices(letters, k=dice.randint(1, 1_600)))

        parts, (encoding, received) = count_parts(text), cut(text)

        assert (parts.encoding, parts.count) == (encoding, len(received))
        assert "".join(received) == text

    def test_name_what_the_alphabet_has_not(self):
        assert outside_gsm_7("“it\u2019s” it\u2019s €") == "“\u2019”"

    @pytest.mark.parametrize("piece", ["a", "€", "😀", "\ud800"])
    def test_of_the_longest_text_are_counted(self, piece):
        assert count_parts(piece * TEXT_LIMIT).count > 400


class TestMeasure:
    @pytest.mark.parametrize(
        ("text", "length"), [("a€", 2), ("it\u2019s", 4), ("😀", 2), ("👨\u200d👩\u200d👧\u200d👦", 11), ("\ud800", 1)]
    )
    def test_counts_16_bit_units(self, text, length):
        assert measure(text) == length


class TestTheRequest:
    def test_is_a_form_in_utf_8(self):
        raw = encode(build_body(Content(text="a&b=ü"), {"number": "+12065550100"}))

        assert raw == b"Action=Publish&Version=2010-03-31&PhoneNumber=%2B12065550100&Message=a%26b%3D%C3%BC"

    def test_numbers_its_attributes_without_a_gap(self):
        body = build_body(Content(text="Hi"), {"number": "+12065550100", "sms_type": "Promotional"})

        assert body["MessageAttributes.entry.1.Name"] == "AWS.SNS.SMS.SMSType"
