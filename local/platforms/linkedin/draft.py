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
    link, title = _read_article(fields.get("content"))
    if not text.strip() and not link:
        raise _invalid("/commentary :: a post needs a commentary or content")
    return Draft(
        author=fields["author"], commentary=commentary, text=text, visibility=str(fields["visibility"]), link=link,
        title=title,
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


def _read_article(content: object) -> tuple[str, str]:
    """Return the link and title of an article, both empty without one."""
    if content is None:
        return "", ""
    if not isinstance(content, dict) or not isinstance(content.get("article"), dict):
        raise RefusedError(400, "ILLEGAL_ARGUMENT", "This simulated LinkedIn offers articles only, no media or polls")
    article = cast("Mapping[str, object]", content["article"])
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
