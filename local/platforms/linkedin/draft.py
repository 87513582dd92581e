"""What a client asks LinkedIn to post, judged as the Posts API does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from local.platforms.base import Request, Response, json_response, parse_object
from local.platforms.linkedin import littletext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT_LIMIT = 3_000
TITLE_LIMIT = 400
ALT_TEXT_LIMIT = 4_086
FEWEST_IMAGES = 2
MOST_IMAGES = 20
REQUIRED = ("author", "commentary", "visibility", "distribution", "lifecycleState")
OPTIONAL = ("content", "isReshareDisabledByAuthor")
VISIBILITIES = ("PUBLIC", "CONNECTIONS", "LOGGED_IN")


class RefusedError(Exception):
    """The API does not accept the request; carries the answer that says so."""

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.body: dict[str, object] = {"status": status, "code": code, "message": message, **more}
        self.status = status

    def response(self) -> Response:
        """Return the answer that says so."""
        return json_response(self.body, status=self.status)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A post that passed every check but who may make it."""

    author: str
    #: The markup that is kept; what follows an unescaped reserved character is gone.
    commentary: str
    text: str
    visibility: str
    link: str
    title: str
    #: Name and description of each image.
    images: tuple[tuple[str, str], ...] = ()


def read_draft(request: Request) -> Draft:
    """Read and judge a new post; raises RefusedError with the API's words."""
    try:
        fields = parse_object(request.body)
    except ValueError as error:
        raise RefusedError(400, "ILLEGAL_ARGUMENT", "Could not parse JSON request") from error
    _check_names(fields)
    _check_choices(fields)
    stated = fields["commentary"]
    if not isinstance(stated, str) or not isinstance(fields["author"], str):
        raise _invalid("/commentary :: String is required")
    commentary = littletext.cut(stated)
    text = littletext.read(commentary)
    _check_length(text)
    content = _read_content(fields.get("content"))
    link, title = _read_article(content["article"]) if "article" in content else ("", "")
    images = _read_images(content)
    if not text.strip() and not link and not images:
        raise _invalid("/commentary :: a post needs a commentary or content")
    return Draft(
        author=fields["author"], commentary=commentary, text=text, visibility=str(fields["visibility"]), link=link,
        title=title, images=images,
    )  # fmt: skip


def duplicate(urn: str) -> RefusedError:
    """Build the refusal of an identical post."""
    message = f"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"
    inputs = [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]
    return _bad_request(422, message, inputs)


def _check_names(fields: Mapping[str, object]) -> None:
    for name in REQUIRED:
        if name not in fields:
            raise _invalid(f"/{name} :: field is required but not found and has no default value")
    for name in sorted(fields.keys() - {*REQUIRED, *OPTIONAL}):
        raise _invalid(f"/{name} :: unrecognized field found but not allowed")


def _check_choices(fields: Mapping[str, object]) -> None:
    if fields["visibility"] not in VISIBILITIES:
        raise _invalid(f"/visibility :: {fields['visibility']!s:.40} is not an enum symbol")
    if fields["lifecycleState"] != "PUBLISHED":
        raise RefusedError(400, "ILLEGAL_ARGUMENT", "This simulated LinkedIn makes published posts only")
    distribution = fields["distribution"]
    if not isinstance(distribution, dict) or distribution.get("feedDistribution") not in {"MAIN_FEED", "NONE"}:
        raise _invalid("/distribution/feedDistribution :: field is required but not found and has no default value")


def _check_length(text: str) -> None:
    # The unit is not documented; UTF-16 is the strictest of the plausible ones.
    length = len(text.encode("utf-16-le")) // 2
    if length <= TEXT_LIMIT:
        return
    message = (
        "com.linkedin.content.common.exception.BadRequestResponseException: ShareCommentary text length "
        f"({length} characters) exceeded the maximum allowed ({TEXT_LIMIT} characters)"
    )
    description = "Size of array cannot be higher than the maxLength"
    problem = {"description": description, "code": "FIELD_ARRAY_SIZE_TOO_HIGH", "maxLength": TEXT_LIMIT}
    raise _bad_request(400, message, [problem])


def _read_content(content: object) -> Mapping[str, object]:
    """Return what stands below the text: at most one thing."""
    if content is None:
        return {}
    if not isinstance(content, dict) or len(content) != 1 or not set(content) <= {"article", "media", "multiImage"}:
        raise RefusedError(400, "ILLEGAL_ARGUMENT", "This simulated LinkedIn offers one article or images, no polls")
    return content


def _read_images(content: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return name and description of the images: one as `media`, several as `multiImage`."""
    if "media" in content:
        return (_read_image(content["media"]),)
    if "multiImage" not in content:
        return ()
    several = content["multiImage"]
    images = several.get("images") if isinstance(several, dict) else None
    if not isinstance(images, list) or not FEWEST_IMAGES <= len(images) <= MOST_IMAGES:
        raise _invalid(f"/content/multiImage/images :: {FEWEST_IMAGES} to {MOST_IMAGES} images are required")
    return tuple(_read_image(image) for image in images)


def _read_image(image: object) -> tuple[str, str]:
    urn, alt_text = (image.get("id"), image.get("altText", "")) if isinstance(image, dict) else (None, "")
    if not isinstance(urn, str) or not urn.startswith("urn:li:image:"):
        raise _invalid("/content/media/id :: an image's URN is required")
    if not isinstance(alt_text, str) or len(alt_text) > ALT_TEXT_LIMIT:
        raise _invalid(f"/content/media/altText :: at most {ALT_TEXT_LIMIT} characters")
    return urn, alt_text


def _read_article(stated: object) -> tuple[str, str]:
    """Return the link and title of an article."""
    article = cast("Mapping[str, object]", stated if isinstance(stated, dict) else {})
    source, title = article.get("source"), article.get("title", "")
    try:
        is_link = (
            isinstance(source, str) and urlsplit(source).scheme in {"http", "https"} and bool(urlsplit(source).netloc)
        )
    except ValueError:
        is_link = False
    if not is_link:
        raise _invalid("/content/article/source :: field is required but not found and has no default value")
    if not isinstance(title, str) or len(title) > TITLE_LIMIT:
        raise _invalid(f"/content/article/title :: at most {TITLE_LIMIT} characters")
    return str(source), title


def _invalid(what: str) -> RefusedError:
    return RefusedError(422, "UNPROCESSABLE_ENTITY", f"ERROR :: {what}\n")


def _bad_request(status: int, message: str, inputs: Sequence[Mapping[str, object]]) -> RefusedError:
    more = {"errorDetailType": "com.linkedin.common.error.BadRequest", "errorDetails": {"inputErrors": inputs}}
    return RefusedError(status, "BAD_REQUEST", message, **more)
