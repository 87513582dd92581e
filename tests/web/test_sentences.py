"""What use cases say in English, on German pages: collected from the sources, known again, and filled with values."""

import json
from datetime import UTC, datetime
from string import Formatter

import pytest
from django.utils.translation import deactivate_all, override
from hypothesis import given
from hypothesis import strategies as st

from local.sentences import Said, sentences
from publishing.admin.sentences import FILE, Template, compile_template, recognise, say, templates
from publishing.admin.words import LABELS
from publishing.channels.base.checks import common_problems
from publishing.channels.base.registry import get_channel, kinds
from publishing.domain.content import Content
from publishing.domain.message import MessageStatus
from publishing.domain.outcome import Reason
from publishing.services.changing import words
from publishing.services.sentences import problem
from tests.builders import build_account

STORED = json.loads(FILE.read_text())
SENTENCES = [compile_template(text) for text in STORED["sentences"]]
PHRASES = [compile_template(text) for text in STORED["phrases"]]


def values_of(template: Template, word: str) -> dict[str, str]:
    """A value for each place, of the shape that the sources write there."""
    shapes = {"": word, ",": "1,234,567"}
    at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    return {name: shapes.get(form) or at.strftime(form) for name, form in template.forms.items()}


def filled(template: Template, values: dict[str, str]) -> str:
    parts = Formatter().parse(template.text)
    return "".join(f"{literal}{values[name] if name else ''}" for literal, name, *_ in parts)


def german(sentence: str) -> str:
    with override("de"):
        return say(sentence)


class TestCollecting:
    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ('raise ConflictError("It changed. Read it.")', ["It changed. Read it."]),
            ('x = f"The {self.name} has {len(text):,} of {LIMIT}."', ["The {name} has {text_length:,} of {limit}."]),
            ("""x = f"It takes {'image' if n == 1 else 'images'}." """, ["It takes image.", "It takes images."]),
            ("""x = f"It is so. {f'{y} ' if y else ''}Ask." """, ["It is so. {y} Ask.", "It is so. Ask."]),
            ('f"Of {a.name} and {b.name} {a.name} wins."', ["Of {name} and {name_2} {name} wins."]),
            ('return "a", "One cannot. Ask." if x else f"Look at {y[:3]!r}."', ["One cannot. Ask.", "Look at {y}."]),
            ('SAYING = {1: (Reason.RATE, "{name} asks to wait.")}', ["{name} asks to wait."]),
            ('f"{name} was not called. {error}"', ["{name} was not called. {error}"]),
            ('f"Write {{braces}} like {this}."', ["Write {{braces}} like {this}."]),
            ("""f"There are: {', '.join(kinds())}." """, ["There are: {kinds}."]),
        ],
    )  # fmt: skip
    def test_finds_sentences(self, source: str, found: list[str]):
        assert list(sentences(source)) == [Said(each) for each in found]

    @pytest.mark.parametrize(
        "source",
        [
            'def f():\n    """Not for people. Stay."""',
            'log.error(f"Not for people: {x}.")',
            'raise TypeError(f"Not for {people}.")',
            'x = "no sentence"',
            'x = f"{no} sentence"',
            'x = "publishing.domain."',
        ],
    )
    def test_leaves_alone_what_nobody_reads(self, source: str):
        assert list(sentences(source)) == []

    def test_finds_marked_parts(self):
        assert list(sentences('what = phrase(f"image {number}")')) == [Said("image {number}", is_phrase=True)]

    def test_finds_those_of_every_layer(self):
        texts = set(STORED["sentences"])

        assert {
            "The text has {text_length:,} characters; at most {limit:,} are possible. Shorten it.",  # domain
            "{name} is {status}. Choose another account or connect it again.",  # services
            "{name} could not be reached. {error}",  # channels
            "The address is longer than {longest_url:,} characters.",  # http
            "The video lasts longer than {hours} hours. Shorten it.",  # adapters
        } <= texts


class TestATemplate:
    def test_says_enough_to_be_known(self):
        letters = {
            each.text: sum(map(str.isalpha, "".join(literal for literal, *_ in Formatter().parse(each.text))))
            for each in (*SENTENCES, *PHRASES)
        }

        # What fails here matches too much: write the sentence out, and mark the parts that vary.
        assert {text for text, count in letters.items() if count < (10 if text in STORED["sentences"] else 5)} == set()

    @pytest.mark.parametrize("word", ["Acme", "Café Müller & Söhne", "3", "{limit}.*\\d+|%s$1"])
    def test_is_found_again_and_no_other(self, word: str):
        mistaken = []
        for template in SENTENCES:
            values = values_of(template, word)
            found, read = next(recognise(filled(template, values), templates()[0]))
            if (found.text, read) != (template.text, values):
                mistaken.append((template.text, found.text))

        assert mistaken == []

    def test_of_a_part_is_found_again_and_no_other(self):
        for template in PHRASES:
            values = values_of(template, "PNG")
            found, read = next(recognise(filled(template, values), templates()[1]))

            assert (found.text, read) == (template.text, values)

    def test_demands_the_same_value_at_each_of_its_places(self):
        template = compile_template("It is {a}, and {a} again.")

        assert template.match("It is x, and x again.") == {"a": "x"}
        assert template.match("It is x, and y again.") is None

    def test_takes_numbers_where_numbers_stand(self):
        template = compile_template("It has {n:,} bytes.")

        assert template.match("It has 1,024 bytes.") == {"n": "1,024"}
        assert template.match("It has many bytes.") is None

    def test_is_not_tried_at_one_place_after_the_other(self):
        template = compile_template("{a} x {b} x {c} x {d} x {e} x {f} x {g}.")

        # With places tried again and again, this would take hours.
        assert template.match(" x " * 1_900 + "!") is None


class TestSaying:
    def test_translates_what_has_no_values(self):
        assert german("There is no such account.") == "Dieses Konto gibt es nicht."

    def test_fills_in_values(self):
        said = german("Bluesky takes 300 characters; this has 1,312. Shorten it by 1,012.")

        assert said == "Bluesky erlaubt 300 Zeichen, hier sind es 1.312. Kürzen Sie um 1.012."

    @pytest.mark.parametrize(
        ("english", "expected"),
        [
            ("X takes 1 image; this has 3. Remove 2.", "X erlaubt 1 Bild, hier sind es 3. Entfernen Sie 2."),
            ("X takes 4 images; this has 6. Remove 2.", "X erlaubt 4 Bilder, hier sind es 6. Entfernen Sie 2."),
        ],
    )
    def test_knows_one_from_many(self, english: str, expected: str):
        assert german(english) == expected

    def test_writes_moments_as_the_language_does(self):
        said = german("2026-03-04 05:06 UTC has passed. Choose a later time, or publish now.")

        assert said.startswith("4. Mär 2026, 05:06 Uhr UTC ist vorbei.")

    def test_says_sentences_in_sentences(self):
        said = german("Bluesky could not be reached. The server's name could not be resolved.")

        assert said == "Bluesky war nicht erreichbar. Der Name des Servers ließ sich nicht auflösen."

    def test_says_what_is_wrong_with_an_account_after_its_name(self):
        said = german("Our page: Images cannot be published to SMS. Remove them.")

        assert said == "Our page: Auf SMS lassen sich keine Bilder veröffentlichen. Entfernen Sie sie."

    def test_says_one_sentence_after_the_other(self):
        said = german("There is no such account. The file is empty. Choose another one.")

        assert said == "Dieses Konto gibt es nicht. Die Datei ist leer. Wählen Sie eine andere."

    def test_says_marked_parts_at_the_beginning_too(self):
        assert german("Image 2 moves; X shows it as a still picture.").startswith("Bild 2 ist animiert; X")
        said = german("X has no descriptions of images: that of the image will not appear.")
        assert said == "X kennt keine Bildbeschreibungen: Die für das Bild erscheint dort nicht."

    @pytest.mark.parametrize("name", ["Draft", "the image", "characters", "Facebook wants a log-in there first."])
    def test_leaves_names_as_they_are(self, name: str):
        assert german(f"{name} asks to wait.") == f"{name} bittet darum, zu warten."

    @pytest.mark.parametrize(
        "name", ["{limit}", "{0}", "{", "a.*b$", "(?P<name>x)", "\\1", "%s", "100 %", "a\nb", "\u202eabc"]
    )
    def test_shows_values_as_they_are(self, name: str):
        assert german(f"{name} asks to wait.") == f"{name} bittet darum, zu warten."

    def test_quotes_what_others_said(self):
        assert german("LinkedIn's own words, whatever they are.") == "LinkedIn's own words, whatever they are."
        said = german("The message cannot be copied as it is. Their words: no.")
        assert said == "Die Nachricht lässt sich so nicht kopieren. Their words: no."

    @pytest.mark.parametrize("language", ["en", None])
    def test_says_it_in_english_to_whoever_reads_that(self, language: str | None):
        with override(language):
            assert say("Mastodon asks to wait.") == "Mastodon asks to wait."

    def test_says_it_in_english_where_nobody_chose_a_language(self):
        with override("de"):
            deactivate_all()

            assert say("Mastodon asks to wait.") == "Mastodon asks to wait."

    @given(st.text(max_size=60), st.sampled_from(SENTENCES))
    def test_never_fails(self, text: str, template: Template):
        assert isinstance(german(text), str)
        assert isinstance(german(filled(template, values_of(template, text))), str)

    @pytest.mark.parametrize("text", [": " * 1_900, "x. " * 1_300, "{x} It concerns " * 200])
    def test_leaves_alone_what_only_looks_like_many_sentences(self, text: str):
        assert german(text) == text

    def test_says_many_sentences(self):
        assert german(" ".join(["There is no such account."] * 8)) == " ".join(["Dieses Konto gibt es nicht."] * 8)

    def test_gives_up_on_what_is_too_long(self):
        endless = f"{'x' * 10_000} asks to wait."

        assert german(endless) == endless


class TestWhatTheCodeSays:
    @pytest.mark.parametrize("kind", kinds())
    def test_of_a_text_that_is_too_long(self, kind: str):
        channel, account = get_channel(kind), build_account(channel=kind, settings={"text_limit": "10"})

        (found,) = (
            each for each in common_problems(channel, Content(text="x" * 1_010), account) if each.code == "too_long"
        )

        assert german(found.detail).endswith("erlaubt 10 Zeichen, hier sind es 1.010. Kürzen Sie um 1.000.")

    @pytest.mark.parametrize("status", MessageStatus)
    def test_of_a_message_in_the_wrong_state(self, status: MessageStatus):
        said = german(f"The message is {words(status)}: there is nothing to stop.")

        with override("de"):
            assert said == f"Die Nachricht hat den Status „{LABELS[status]}“: Es gibt nichts zu stoppen."

    @pytest.mark.parametrize("reason", Reason)
    def test_of_a_delivery_that_we_gave_up(self, reason: Reason):
        detail = problem(reason, channel="Bluesky", retryable=False).detail

        assert german(detail) != detail
