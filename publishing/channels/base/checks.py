"""Problems that every channel finds in the same way, from its capabilities."""

from dataclasses import replace

from publishing.channels.base.contract import Channel
from publishing.domain.account import Account
from publishing.domain.content import LINK_LIMIT, Content, ContentProblem, Severity, text_problem


def common_problems(channel: Channel, content: Content, account: Account) -> tuple[ContentProblem, ...]:
    """Return what is wrong with a content by the channel's capabilities and the account's own limits."""
    unusable = text_problem(content.text)
    if unusable:
        return (ContentProblem(code=unusable[0], detail=unusable[1]),)
    found = (
        _too_long(channel, content, account),
        _too_many_images(channel, content),
        _bad_link(content),
    )
    return tuple(problem for problem in found if problem)


def no_titles(channel: Channel, content: Content) -> tuple[ContentProblem, ...]:
    """Warn that a title will not appear, on a channel that has none."""
    if not content.title:
        return ()
    detail = f"{channel.capabilities.name} has no titles: this one will not appear there."
    return (ContentProblem(code="title_dropped", detail=detail, field="title", severity=Severity.WARNING),)


def _too_long(channel: Channel, content: Content, account: Account) -> ContentProblem | None:
    limit = channel.text_limit(account)
    if limit is None:
        return None
    length = channel.measure(content)
    if length <= limit:
        return None
    counts_link = length != channel.measure(replace(content, link=None))
    detail = (
        f"{channel.capabilities.name} takes {limit:,} {channel.capabilities.text_unit}; this has {length:,}"
        f"{', its link included' if counts_link else ''}. Shorten it by {length - limit:,}."
    )
    return ContentProblem(code="too_long", detail=detail)


def _too_many_images(channel: Channel, content: Content) -> ContentProblem | None:
    limit = channel.capabilities.image_limit
    if len(content.media) <= limit:
        return None
    name = channel.capabilities.name
    detail = (
        f"{name} takes {limit} images; this has {len(content.media)}. Remove {len(content.media) - limit}."
        if limit
        else f"Images cannot be published to {name}. Remove them."
    )
    return ContentProblem(code="too_many_media", detail=detail, field="media")


def _bad_link(content: Content) -> ContentProblem | None:
    link = content.link
    if link is None or (link.startswith(("https://", "http://")) and len(link) <= LINK_LIMIT and link.isprintable()):
        return None
    detail = f"The link must start with https:// and have at most {LINK_LIMIT:,} characters."
    return ContentProblem(code="bad_link", detail=detail, field="link")
