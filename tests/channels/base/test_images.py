"""Choosing the file of an image that a channel takes, and the sentences about those that it does not."""

import pytest

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.images import choose, image_problems, pictures
from publishing.domain.content import Content, MediaUse, Severity
from tests.channels.simulated import build_submission
from tests.pictures import build_rendition, use_of

RULES = ImageRules(limit=2, types=("image/jpeg", "image/png"), max_size=1_000_000, max_pixels=10_000, alt_text_limit=10)


def problems(*media: MediaUse, rules: ImageRules | None = RULES):
    return image_problems("Any", rules, Content(text="Look", media=media))


class TestChoosing:
    def test_takes_the_full_picture_where_it_fits(self):
        full, small = build_rendition(), build_rendition(width=8, height=6)

        assert choose(use_of(full, small), RULES) is full

    @pytest.mark.parametrize(
        "full",
        [
            build_rendition("image/webp"),
            build_rendition(size=1_000_001),
            build_rendition(width=101, height=100),
        ],
        ids=["type", "size", "pixels"],
    )
    def test_takes_a_smaller_one_where_the_full_does_not_fit(self, full):
        small = build_rendition(width=8, height=6)

        assert choose(use_of(full, small), RULES) is small
        assert problems(use_of(full, small, alt_text="A door")) == ()

    def test_takes_none_where_none_fits(self):
        assert choose(use_of(build_rendition("image/gif")), RULES) is None

    def test_gives_each_its_public_address(self):
        submission = build_submission()
        use = use_of(build_rendition())
        content = Content(text="Look", media=(use,))
        submission = type(submission)(
            message_id="m", delivery_id="d", delivery_key="k", content=content, due_at=submission.due_at,
            media_url="https://media.example",
        )  # fmt: skip

        (picture,) = pictures(submission, RULES)

        assert picture.url == f"https://media.example/{use.renditions[0].key}"
        assert picture.alt_text == use.alt_text


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("media", "rules", "sentence"),
        [
            ([use_of(build_rendition())] * 3, RULES, "Any takes 2 images; this has 3. Remove 1."),
            (
                [use_of(build_rendition())] * 2,
                ImageRules(limit=1, types=("image/jpeg",)),
                "Any takes 1 image; this has 2. Remove 1.",
            ),
            ([use_of(build_rendition())], None, "Images cannot be published to Any. Remove them."),
            (
                [use_of(build_rendition("image/gif", width=200, height=100))],
                ImageRules(limit=1, types=("image/gif",), max_pixels=90_000, max_gif_pixels=15_000, animates=True),
                "Any does not take the image: it has 20,000 pixels, and 15,000 are taken.",
            ),
            (
                [use_of(build_rendition(), alt_text="👨‍👩‍👧‍👦👨‍👩‍👧‍👦")],
                RULES,
                "The image: Any takes descriptions of 10 characters; this has 14. Shorten it by 4.",
            ),
            (
                [use_of(build_rendition("image/gif"))],
                RULES,
                "Any does not take the image: it is GIF, and JPEG, PNG are taken.",
            ),
            (
                [use_of(build_rendition()), use_of(build_rendition(size=1_200_000))],
                RULES,
                "Any does not take image 2: it has 1,200,000 bytes, and 1,000,000 are taken.",
            ),
            (
                [use_of(build_rendition(width=200, height=100))],
                RULES,
                "Any does not take the image: it has 20,000 pixels, and 10,000 are taken.",
            ),
            (
                [use_of(build_rendition("image/gif", frames=251))],
                ImageRules(limit=1, types=("image/gif",), animates=True, max_frames=250),
                "Any does not take the image: it moves through 251 frames, and 250 are taken.",
            ),
            (
                [use_of(build_rendition(), alt_text="A blue door")],
                RULES,
                "The image: Any takes descriptions of 10 characters; this has 11. Shorten it by 1.",
            ),
        ],
    )
    def test_of_what_is_refused_says_what_to_do(self, media, rules, sentence):
        found = problems(*media, rules=rules)

        assert [(problem.detail, problem.severity) for problem in found] == [(sentence, Severity.PROBLEM)]
        assert {problem.field for problem in found} == {"media"}

    @pytest.mark.parametrize(
        ("use", "rules", "sentence"),
        [
            (
                use_of(build_rendition("image/gif", frames=3), build_rendition()),
                RULES,
                "The image moves; Any shows it as a still picture.",
            ),
            (
                use_of(build_rendition(), alt_text=" "),
                RULES,
                "The image has no description. People who cannot see it will miss what it says.",
            ),
            (
                use_of(build_rendition()),
                ImageRules(limit=1, types=("image/jpeg",), alt_text_limit=0),
                "Any has no descriptions of images: that of the image will not appear.",
            ),
        ],
    )
    def test_of_what_changes_is_a_warning(self, use, rules, sentence):
        found = problems(use, rules=rules)

        assert [(problem.detail, problem.severity) for problem in found] == [(sentence, Severity.WARNING)]

    def test_is_nothing_where_animations_move(self):
        rules = ImageRules(limit=1, types=("image/gif",), animates=True)

        assert problems(use_of(build_rendition("image/gif", frames=3)), rules=rules) == ()
