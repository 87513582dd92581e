"""Choosing, for each image of a content, the file that a channel takes, and saying what is wrong when none fits."""

from collections.abc import Iterator
from dataclasses import dataclass

from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Submission
from publishing.domain.content import Content, ContentProblem, MediaUse, Severity
from publishing.domain.media import Rendition
from publishing.domain.wording import phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image as a channel will publish it."""

    rendition: Rendition
    #: Where anybody who knows it can fetch the file.
    url: str
    alt_text: str


def choose(use: MediaUse, rules: ImageRules) -> Rendition | None:
    """Return the best file of a medium that a channel takes: the first, as they stand from large to small.

    A video is no image: none is chosen, whatever types the rules name.
    """
    if use.is_video:
        return None
    return next((each for each in use.renditions if _flaw(each, rules) is None), None)


def pictures(submission: Submission, rules: ImageRules | None) -> tuple[Picture, ...]:
    """Return the images of a submission that a channel can publish, in their order.

    Those that fit in no form are left out: `image_problems` has refused the content because of them.
    """
    if rules is None:
        return ()
    chosen = [(choose(use, rules), use) for use in submission.content.media]
    return tuple(
        Picture(rendition=file, url=f"{submission.media_url}/{file.key}", alt_text=use.alt_text)
        for file, use in chosen
        if file is not None
    )


def image_problems(name: str, rules: ImageRules | None, content: Content) -> tuple[ContentProblem, ...]:
    """Return what a channel of this name would refuse or change about the images of a content; None takes none."""
    images = [(number, use) for number, use in enumerate(content.media, start=1) if not use.is_video]
    if rules is None or len(images) > rules.limit:
        return _too_many(name, rules.limit if rules else 0, len(images))
    found: list[ContentProblem] = []
    for number, use in images:
        label = phrase("the image") if len(content.media) == 1 else phrase(f"image {number}")
        found += [*_unfit(name, label, use, rules), *_alt_text(name, label, use, rules)]
    return tuple(found)


def video_problems(name: str, content: Content, *, takes_videos: bool) -> tuple[ContentProblem, ...]:
    """Return that a channel of this name takes no videos, once for each that a content has."""
    if takes_videos:
        return ()
    numbers = [number for number, use in enumerate(content.media, start=1) if use.is_video]
    return tuple(
        ContentProblem(
            code="no_videos",
            detail=f"{name} takes no videos here. Remove {'it' if len(content.media) == 1 else f'medium {number}'}.",
            field="media",
        )
        for number in numbers
    )


def _too_many(name: str, limit: int, count: int) -> tuple[ContentProblem, ...]:
    if count <= limit:
        return ()
    detail = (
        f"{name} takes {limit} {'image' if limit == 1 else 'images'}; this has {count}. Remove {count - limit}."
        if limit
        else f"Images cannot be published to {name}. Remove them."
    )
    return (ContentProblem(code="too_many_media", detail=detail, field="media"),)


def _unfit(name: str, label: str, use: MediaUse, rules: ImageRules) -> Iterator[ContentProblem]:
    if not use.renditions:
        return
    file = choose(use, rules)
    if file is None:
        flaw = _flaw(use.renditions[-1], rules)
        detail = f"{name} does not take {label}: {flaw}."
        yield ContentProblem(code="unfit_media", detail=detail, field="media")
    elif use.renditions[0].frames > 1 and not (rules.animates and file.frames > 1):
        detail = f"{_capital(label)} moves; {name} shows it as a still picture."
        yield ContentProblem(code="animation_lost", detail=detail, field="media", severity=Severity.WARNING)


def _alt_text(name: str, label: str, use: MediaUse, rules: ImageRules) -> Iterator[ContentProblem]:
    limit = rules.alt_text_limit
    # Code points, of which no platform counts more: a description that is too long would stop the whole publication.
    length = len(use.alt_text)
    if limit == 0:
        if use.alt_text:
            detail = f"{name} has no descriptions of images: that of {label} will not appear."
            yield ContentProblem(code="alt_text_dropped", detail=detail, field="media", severity=Severity.WARNING)
    elif limit is not None and length > limit:
        detail = (
            f"{_capital(label)}: {name} takes descriptions of {limit:,} characters; this has {length:,}. "
            f"Shorten it by {length - limit:,}."
        )
        yield ContentProblem(code="alt_text_too_long", detail=detail, field="media")
    elif not use.alt_text.strip():
        detail = f"{_capital(label)} has no description. People who cannot see it will miss what it says."
        yield ContentProblem(code="alt_text_missing", detail=detail, field="media", severity=Severity.WARNING)


def _flaw(file: Rendition, rules: ImageRules) -> str | None:
    """Return why a channel does not take a file, or None when it does."""
    if file.media_type not in rules.types:
        names = ", ".join(_format(each) for each in rules.types)
        return phrase(f"it is {_format(file.media_type)}, and {names} are taken")
    if rules.max_frames is not None and file.frames > rules.max_frames:
        return phrase(f"it moves through {file.frames:,} frames, and {rules.max_frames:,} are taken")
    if rules.max_size is not None and file.size > rules.max_size:
        return phrase(f"it has {file.size:,} bytes, and {rules.max_size:,} are taken")
    max_pixels = (rules.max_gif_pixels if file.media_type == "image/gif" else None) or rules.max_pixels
    if max_pixels is not None and file.pixels > max_pixels:
        return phrase(f"it has {file.pixels:,} pixels, and {max_pixels:,} are taken")
    return None


def _capital(label: str) -> str:
    return f"{label[0].upper()}{label[1:]}"


def _format(media_type: str) -> str:
    return media_type.removeprefix("image/").upper()
